import assert from "node:assert/strict";
import { test } from "node:test";
import { lookInWords, type Mind, readMind, stateInWords } from "../src/mind.ts";

const packet = {
  state: "speaking",
  looking_at: "camera",
  yaw_rad: 0.1,
  pitch_rad: -0.02,
  expression: "neutral",
  viseme: "aa",
  hears: "visitor-1",
  visemes: [
    ["PP", 70],
    ["aa", 20],
  ],
};
const bytes = (text: string) => new TextEncoder().encode(text);
const read = (changes: object = {}) => readMind(bytes(JSON.stringify({ ...packet, ...changes })));
const mind = (changes: Partial<Mind> = {}): Mind => ({ ...read()!, ...changes });

test("a packet is a mind", () => {
  assert.deepEqual(read(), {
    state: "speaking",
    lookingAt: "camera",
    yawRad: 0.1,
    pitchRad: -0.02,
    expression: "neutral",
    viseme: "aa",
    hears: "visitor-1",
    changes: [
      { viseme: "PP", ageMs: 70 },
      { viseme: "aa", ageMs: 20 },
    ],
  });
});

test("what is no JSON, or no record, is no mind", () => {
  for (const text of ["", "{", "null", "7", "[]", '"camera"', "\u0000", "{}"]) {
    assert.equal(readMind(bytes(text)), undefined);
  }
  assert.equal(readMind(new Uint8Array([0xff, 0xfe, 0x00])), undefined);
});

test("a field that is missing or of another kind makes it no mind", () => {
  for (const field of ["state", "looking_at", "expression", "viseme", "yaw_rad", "pitch_rad"]) {
    for (const wrong of [undefined, null, {}, [], true, ""]) {
      assert.equal(read({ [field]: wrong }), undefined, `${field}: ${JSON.stringify(wrong)}`);
    }
  }
  assert.equal(read({ yaw_rad: 1e9 }), undefined);
  for (const wrong of [[7], [["aa"]], [["aa", -1]], [["aa", 1e9]], [["aa", "20"]], [[{}, 20]]]) {
    assert.equal(read({ visemes: wrong }), undefined, JSON.stringify(wrong));
  }
});

test("a huge packet is not even read, and long words are cut", () => {
  assert.equal(read({ padding: "x".repeat(5_000) }), undefined);
  assert.equal(read({ state: "x".repeat(1_000) })?.state.length, 40);
  assert.equal(read({ visemes: Array(200).fill(["aa", 1]) })?.changes.length, 64);
});

test("states are said in words, and one that is not known as it is", () => {
  assert.equal(stateInWords(mind()), "Speaking");
  assert.equal(stateInWords(mind({ state: "pondering" })), "pondering");
  assert.equal(stateInWords(mind({ state: "constructor" })), "constructor");
});

test("alone, one is looked at through the camera; in company the camera is everybody", () => {
  const ada = { identity: "visitor-a", name: "Visitor 2" };
  assert.equal(lookInWords(mind(), "me", []), "at you");
  assert.equal(lookInWords(mind(), "me", [ada]), "at the camera");
});

test("each reader is told from where they sit", () => {
  const [one, two] = [
    { identity: "a", name: "Visitor 1" },
    { identity: "b", name: "Visitor 2" },
  ];
  assert.equal(lookInWords(mind({ lookingAt: "b" }), "b", [one]), "at your seat");
  assert.equal(lookInWords(mind({ lookingAt: "b" }), "a", [two]), "at Visitor 2");
  assert.equal(lookInWords(mind({ lookingAt: "left" }), "a", [two]), "at somebody");
  assert.equal(lookInWords(mind({ lookingAt: "away" }), "a", [two]), "away");
});
