import assert from "node:assert/strict";
import { test } from "node:test";
import { Trace, visemeInWords, WINDOW_MS } from "../src/visemes.ts";

const shapes = (trace: Trace, nowMs: number) =>
  trace.runs(nowMs).map(({ viseme, startMs, endMs }) => [viseme, startMs, endMs]);

test("a viseme lasts until the next, and the last until now; rest is not drawn", () => {
  const trace = new Trace();
  trace.add("PP", 100);
  trace.add("aa", 160);
  trace.add("sil", 300);
  assert.deepEqual(shapes(trace, 400), [
    ["PP", 100, 160],
    ["aa", 160, 300],
  ]);
  trace.add("U", 420);
  assert.deepEqual(shapes(trace, 500).at(-1), ["U", 420, 500]);
});

test("a repeated viseme is one run, and a late change corrects the runs", () => {
  const trace = new Trace();
  trace.add("aa", 100);
  trace.add("aa", 150);
  assert.deepEqual(shapes(trace, 200), [["aa", 100, 200]]);
  trace.add("O", 140);
  assert.deepEqual(shapes(trace, 200), [
    ["aa", 100, 140],
    ["O", 140, 200],
  ]);
});

test("the window cuts what began before it, and forgets what ended before it", () => {
  const trace = new Trace();
  trace.add("aa", 0);
  trace.add("E", 1_000);
  const nowMs = 500 + WINDOW_MS;
  assert.deepEqual(shapes(trace, nowMs)[0], ["aa", 500, 1_000]);
  for (let atMs = 2_000; atMs < 100_000; atMs += 50) trace.add(atMs % 100 ? "aa" : "PP", atMs);
  assert.ok(shapes(trace, 100_000).length <= WINDOW_MS / 50 + 1);
});

test("a viseme is named with the sounds that look like it, and an unknown one by its name alone", () => {
  assert.equal(visemeInWords("PP"), "PP (p, b, m)");
  assert.equal(visemeInWords("sil"), "at rest");
  assert.equal(visemeInWords("toString"), "toString");
});
