import assert from "node:assert/strict";
import { test } from "node:test";
import { ParticipantKind } from "livekit-client";
import { othersInWords, people } from "../src/participants.ts";

const person = (identity: string, name?: string) => ({
  identity,
  name,
  kind: ParticipantKind.STANDARD,
  attributes: {},
});

test("the agent and its face worker are no people", () => {
  const agent = { ...person("agent"), kind: ParticipantKind.AGENT };
  const worker = { ...person("face"), attributes: { "lk.publish_on_behalf": "agent" } };
  assert.deepEqual(people([agent, person("a", "Visitor 2"), worker]), [
    { identity: "a", name: "Visitor 2" },
  ]);
});

test("a participant without a name is shown by identity, and a long name is cut", () => {
  assert.equal(people([person("visitor-7", "")])[0]?.name, "visitor-7");
  assert.equal(people([person("visitor-7", "x".repeat(10_000))])[0]?.name.length, 40);
});

test("the other people are one short sentence, however many they are", () => {
  const say = (count: number) =>
    othersInWords(people(Array.from({ length: count }, (_, n) => person(`${n}`, `V${n + 2}`))));
  assert.equal(say(0), "");
  assert.equal(say(1), "V2 is here too.");
  assert.equal(say(2), "V2 and V3 are here too.");
  assert.equal(say(9), "V2, V3, V4 and 6 more are here too.");
});

test("the sentence names the participant whom the agent hears, while they are in the room", () => {
  const others = people([person("b", "Visitor 2")]);
  assert.match(othersInWords(others, "a", "a"), /one at a time: now you\.$/);
  assert.match(othersInWords(others, "a", "b"), /one at a time: now Visitor 2\.$/);
  assert.equal(othersInWords(others, "a", "gone"), "Visitor 2 is here too.");
  assert.equal(othersInWords([], "a", "a"), "");
});
