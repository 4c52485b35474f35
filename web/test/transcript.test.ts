import assert from "node:assert/strict";
import { test } from "node:test";
import { type Line, MAX_LINES, Transcript } from "../src/transcript.ts";

const line = (id: string, text: string, final = false): Line => ({ id, speaker: "user", text, final });
const texts = (transcript: Transcript) => transcript.lines.map(({ text }) => text);

test("a later guess replaces the earlier one of the same segment", () => {
  const transcript = new Transcript();
  transcript.put(line("a", "What"));
  transcript.put(line("a", "What is it?", true));
  assert.deepEqual(texts(transcript), ["What is it?"]);
});

test("a finished line is not changed by a guess that comes late", () => {
  const transcript = new Transcript();
  transcript.put(line("a", "What is it?", true));
  assert.equal(transcript.put(line("a", "What is")), false);
  assert.deepEqual(texts(transcript), ["What is it?"]);
});

test("turns stand in the order in which they began, whichever ends first", () => {
  const transcript = new Transcript();
  transcript.put(line("a", "one"));
  transcript.put(line("b", "two", true));
  transcript.put(line("a", "one and a half", true));
  assert.deepEqual(texts(transcript), ["one and a half", "two"]);
});

test("an empty text makes no line, and removes an unfinished one", () => {
  const transcript = new Transcript();
  assert.equal(transcript.put(line("a", "  ")), false);
  transcript.put(line("b", "um"));
  assert.equal(transcript.put(line("b", "", true)), true);
  assert.deepEqual(texts(transcript), []);
});

test("a long conversation drops its oldest lines", () => {
  const transcript = new Transcript();
  for (let n = 0; n <= MAX_LINES; n++) transcript.put(line(`${n}`, `${n}`, true));
  assert.equal(transcript.lines.length, MAX_LINES);
  assert.equal(texts(transcript)[0], "1");
});

test("closing finishes every open line as it stands", () => {
  const transcript = new Transcript();
  transcript.put(line("a", "Once there"));
  transcript.close();
  assert.deepEqual(transcript.lines, [line("a", "Once there", true)]);
});
