import assert from "node:assert/strict";
import { test } from "node:test";
import { Gauge, read, type Reading } from "../src/measurements.ts";
import { inWords } from "../src/timingpanel.ts";

const reading = (changes: Partial<Reading> = {}): Reading => ({
  atMs: 1_000,
  playoutMs: undefined,
  bufferedS: 0,
  emitted: 0,
  lost: 0,
  roundTripS: undefined,
  frames: 0,
  width: 512,
  height: 512,
  freezes: 0,
  ...changes,
});

test("a picture whose sound is already further on is late: a positive offset", () => {
  const { offsetMs } = new Gauge().measure({
    sound: reading({ playoutMs: 5_040 }),
    picture: reading({ playoutMs: 5_000 }),
  });
  assert.equal(offsetMs, 40);
});

test("readings taken at different times are brought to the same one", () => {
  const { offsetMs } = new Gauge().measure({
    sound: reading({ atMs: 1_000, playoutMs: 5_000 }),
    picture: reading({ atMs: 1_007, playoutMs: 5_007 }),
  });
  assert.equal(offsetMs, 0);
});

test("one odd estimate does not move the median", () => {
  const gauge = new Gauge();
  const offsets = [10, 10, 300, 10, 10].map(
    (offset) =>
      gauge.measure({
        sound: reading({ playoutMs: 5_000 + offset }),
        picture: reading({ playoutMs: 5_000 }),
      }).offsetMs,
  );
  assert.equal(offsets.at(-1), 10);
});

test("without a sync group there is no offset, and the panel says why", () => {
  const figures = new Gauge().measure({ sound: reading({ playoutMs: 5_000 }), picture: reading() });
  assert.equal(figures.offsetMs, undefined);
  assert.equal(inWords(figures).offset, "n/a (room without sync_streams)");
});

test("rate and buffers are those of the last second, not of the whole call", () => {
  const gauge = new Gauge();
  gauge.measure({
    sound: reading({ bufferedS: 100, emitted: 48_000 }),
    picture: reading({ frames: 900, bufferedS: 90, emitted: 900 }),
  });
  const figures = gauge.measure({
    sound: reading({ atMs: 2_000, bufferedS: 100 + 48_000 * 0.03, emitted: 96_000 }),
    picture: reading({ atMs: 2_000, frames: 925, bufferedS: 90 + 25 * 0.008, emitted: 925 }),
  });
  assert.equal(figures.fps, 25);
  assert.equal(Math.round(figures.soundBufferMs ?? 0), 30);
  assert.equal(Math.round(figures.pictureBufferMs ?? 0), 8);
});

test("counters that start again after a reconnection give no figure rather than a false one", () => {
  const gauge = new Gauge();
  gauge.measure({ picture: reading({ frames: 900, emitted: 900, bufferedS: 9 }) });
  const figures = gauge.measure({ picture: reading({ atMs: 2_000, frames: 3, emitted: 3 }) });
  assert.equal(figures.fps, undefined);
  assert.equal(figures.pictureBufferMs, undefined);
});

test("a report is read from its inbound stream and the candidate pair in use", () => {
  const report: [string, { type: string } & Record<string, unknown>][] = [
    ["P1", { type: "candidate-pair", currentRoundTripTime: 9 }],
    ["P2", { type: "candidate-pair", currentRoundTripTime: 0.02 }],
    ["T", { type: "transport", selectedCandidatePairId: "P2" }],
    ["I", { type: "inbound-rtp", timestamp: 7, framesDecoded: 3, freezeCount: 1 }],
  ];
  const found = read(report);
  assert.equal(found?.roundTripS, 0.02);
  assert.equal(found?.frames, 3);
  assert.equal(found?.freezes, 1);
  assert.equal(read([]), undefined);
});

test("the panel names the direction only of an offset that might be seen", () => {
  const say = (offset: number) =>
    inWords(
      new Gauge().measure({
        sound: reading({ playoutMs: 5_000 + offset }),
        picture: reading({ playoutMs: 5_000 }),
      }),
    ).offset;
  assert.equal(say(0), "0 ms, in sync");
  assert.equal(say(-8), "−8 ms, in sync");
  assert.equal(say(38), "+38 ms, picture late");
  assert.equal(say(-38), "−38 ms, picture early");
});

test("the panel says what an offset means, and when it is the machine that is late", () => {
  const say = (offsetMs: number, fps: number) => {
    const gauge = new Gauge();
    const at = (atMs: number, frames: number) =>
      gauge.measure({
        sound: reading({ atMs, playoutMs: 5_000 + offsetMs }),
        picture: reading({ atMs, playoutMs: 5_000, frames }),
      });
    at(1_000, 0);
    return inWords(at(2_000, fps)).meaning;
  };
  assert.match(say(20, 30) ?? "", /no difference below 45 ms/);
  assert.match(say(90, 30) ?? "", /still settle/);
  assert.match(say(20, 12) ?? "", /machine is busy/);
});
