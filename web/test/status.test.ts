import assert from "node:assert/strict";
import { test } from "node:test";
import { lookInWords, type AvatarStatus, readStatus, stateInWords } from "../src/status.ts";

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
const read = (changes: object = {}) => readStatus(bytes(JSON.stringify({ ...packet, ...changes })));
const status = (changes: Partial<AvatarStatus> = {}): AvatarStatus => ({ ...read()!, ...changes });

test("a packet is a status", () => {
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

test("a packet that is no JSON object is ignored", () => {
  for (const text of ["", "{", "null", "7", "[]", '"camera"', "\u0000", "{}"]) {
    assert.equal(readStatus(bytes(text)), undefined);
  }
  assert.equal(readStatus(new Uint8Array([0xff, 0xfe, 0x00])), undefined);
});

test("a packet with a missing or wrong field is ignored", () => {
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

test("a huge packet is ignored, and long words are cut", () => {
  assert.equal(read({ padding: "x".repeat(5_000) }), undefined);
  assert.equal(read({ state: "x".repeat(1_000) })?.state.length, 40);
  assert.equal(read({ visemes: Array(200).fill(["aa", 1]) })?.changes.length, 64);
});

test("states have words, and an unknown one is shown as it is", () => {
  assert.equal(stateInWords(status()), "Speaking");
  assert.equal(stateInWords(status({ state: "pondering" })), "pondering");
  assert.equal(stateInWords(status({ state: "constructor" })), "constructor");
});

test("a look at the camera is at the only person, or at all of several", () => {
  const ada = { identity: "visitor-a", name: "Visitor 2" };
  assert.equal(lookInWords(status(), "me", []), "at you");
  assert.equal(lookInWords(status(), "me", [ada]), "at the camera");
});

test("a look at a participant is named from the reader's side", () => {
  const [one, two] = [
    { identity: "a", name: "Visitor 1" },
    { identity: "b", name: "Visitor 2" },
  ];
  assert.equal(lookInWords(status({ lookingAt: "b" }), "b", [one]), "at your seat");
  assert.equal(lookInWords(status({ lookingAt: "b" }), "a", [two]), "at Visitor 2");
  assert.equal(lookInWords(status({ lookingAt: "left" }), "a", [two]), "at a participant");
  assert.equal(lookInWords(status({ lookingAt: "away" }), "a", [two]), "away");
});
