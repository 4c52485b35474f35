import assert from "node:assert/strict";
import { test } from "node:test";
import { ParticipantKind, type Room } from "livekit-client";
import type { Line } from "../src/transcript.ts";
import { CHAT_TOPIC, LINES_WINDOW_MS, MAX_CHARS, MAX_LINES, readTranscription } from "../src/transcription.ts";

const TRANSCRIPTION = "lk.transcription";
const OUR_TRACK = "TR_ours";
const THEIR_TRACK = "TR_theirs";

type Handler = (reader: object, from: { identity: string }) => void;
type Pieces = Iterable<string> | AsyncIterable<string>;

const participant = (identity: string, name: string, kind: ParticipantKind, track?: string) => ({
  identity,
  name,
  kind,
  attributes: {},
  trackPublications: new Map(track === undefined ? [] : [[track, {}]]),
});

/** A room with an agent and another visitor, and the lines that the page makes of it. */
function page() {
  const handlers = new Map<string, Handler>();
  const others = [
    participant("agent", "", ParticipantKind.AGENT),
    participant("bob", "Visitor 2", ParticipantKind.STANDARD, THEIR_TRACK),
  ];
  const room = {
    localParticipant: participant("me", "Visitor 1", ParticipantKind.STANDARD, OUR_TRACK),
    remoteParticipants: new Map(others.map((other) => [other.identity, other])),
    registerTextStreamHandler: (topic: string, handler: Handler) => handlers.set(topic, handler),
  };
  const lines: Line[] = [];
  const clock = { nowMs: 0 };
  readTranscription(room as unknown as Room, (line) => lines.push(line), () => clock.nowMs);
  let streams = 0;
  return {
    room,
    lines,
    clock,
    last: () => lines.at(-1),
    /** Sends one stream and waits until it is read. */
    async send(topic: string, identity: string, pieces: Pieces, attributes: Record<string, string> = {}) {
      const reader = {
        info: { id: `stream-${++streams}`, attributes },
        async *[Symbol.asyncIterator]() {
          yield* pieces;
        },
      };
      handlers.get(topic)?.(reader, { identity });
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

test("an agent's turn grows, and its words for a visitor's track are that visitor's", async () => {
  const { send, lines, last } = page();
  await send(TRANSCRIPTION, "agent", ["Good ", "morning."], { "lk.transcription_final": "true" });
  assert.deepEqual(
    lines.map(({ speaker, text, final }) => [speaker, text, final]),
    [
      ["agent", "Good ", false],
      ["agent", "Good morning.", false],
      ["agent", "Good morning.", true],
    ],
  );
  await send(TRANSCRIPTION, "agent", ["Hi."], { "lk.transcribed_track_id": OUR_TRACK });
  assert.equal(last()?.speaker, "user");
  await send(TRANSCRIPTION, "agent", ["Hi."], { "lk.transcribed_track_id": THEIR_TRACK });
  assert.equal(last()?.name, "Visitor 2");
});

test("a typed message is one line, of its sender", async () => {
  const { send, lines } = page();
  await send(CHAT_TOPIC, "bob", ["Hello ", "there"]);
  assert.deepEqual(lines.map(({ speaker, name, text, final }) => [speaker, name, text, final]), [
    ["other", "Visitor 2", "Hello there", true],
  ]);
});

test("a visitor cannot speak as the reader by naming the reader's track", async () => {
  const { send, last } = page();
  for (const topic of [TRANSCRIPTION, CHAT_TOPIC]) {
    await send(topic, "bob", ["I am you"], { "lk.transcribed_track_id": OUR_TRACK });
    assert.deepEqual([last()?.speaker, last()?.name], ["other", "Visitor 2"]);
  }
});

test("a sender who is not in the room, or no longer, is unknown and not the agent", async () => {
  const { send, last } = page();
  await send(CHAT_TOPIC, "stranger", ["I am the agent"]);
  assert.deepEqual([last()?.speaker, last()?.name], ["other", "Unknown"]);
});

test("a sender who becomes known while a line grows is named, and keeps the name on leaving", async () => {
  const { room, send, last } = page();
  const { remoteParticipants } = room;
  async function* pieces() {
    yield "Good ";
    assert.equal(last()?.name, "Unknown");
    remoteParticipants.set("late", participant("late", "", ParticipantKind.AGENT));
    yield "morning.";
    assert.equal(last()?.speaker, "agent");
    remoteParticipants.delete("late");
    throw new Error("it left");
  }
  await send(TRANSCRIPTION, "late", pieces());
  assert.deepEqual([last()?.speaker, last()?.text, last()?.final], ["agent", "Good morning.", true]);
});

test("a visitor cannot replace the line of another participant", async () => {
  const { send, lines } = page();
  await send(TRANSCRIPTION, "agent", ["Three"], { "lk.segment_id": "S" });
  await send(TRANSCRIPTION, "bob", ["Four"], { "lk.segment_id": "S" });
  assert.equal(new Set(lines.map(({ id }) => id)).size, 2);
});

test("20 MB in one message are one short line, and the stream is read to its end", async () => {
  const { send, lines } = page();
  let read = 0;
  function* pieces() {
    for (; read < 1_400; read += 1) yield "x".repeat(15_000);
  }
  await send(CHAT_TOPIC, "bob", pieces());
  await send(TRANSCRIPTION, "bob", Array(1_400).fill("y".repeat(15_000)));
  assert.equal(read, 1_400);
  assert.ok(lines.length <= 3);
  assert.ok(lines.every(({ text }) => text.length === MAX_CHARS));
});

test("of hundreds of messages of one visitor a few are shown, and other participants still speak", async () => {
  const { send, lines, last, clock } = page();
  for (let n = 0; n < 300; n += 1) await send(CHAT_TOPIC, "bob", ["flood"]);
  assert.equal(lines.length, MAX_LINES);
  await send(TRANSCRIPTION, "agent", ["Still here."]);
  assert.equal(last()?.text, "Still here.");
  clock.nowMs += LINES_WINDOW_MS;
  await send(CHAT_TOPIC, "bob", ["Sorry."]);
  assert.equal(last()?.text, "Sorry.");
});

test("guesses at one spoken line count once", async () => {
  const { send, last } = page();
  for (let n = 0; n < 3 * MAX_LINES; n += 1) {
    await send(TRANSCRIPTION, "bob", [`word ${n}`], { "lk.segment_id": "S" });
  }
  assert.equal(last()?.text, `word ${3 * MAX_LINES - 1}`);
});
