import assert from "node:assert/strict";
import { test } from "node:test";
import { ParticipantKind } from "livekit-client";
import { companyInWords, people } from "../src/company.ts";

const person = (identity: string, name?: string) => ({
  identity,
  name,
  kind: ParticipantKind.STANDARD,
  attributes: {},
});

test("people are company, the agent and its helpers are not", () => {
  const agent = { ...person("agent"), kind: ParticipantKind.AGENT };
  const worker = { ...person("face"), attributes: { "lk.publish_on_behalf": "agent" } };
  assert.deepEqual(people([agent, person("a", "Visitor 2"), worker]), [
    { identity: "a", name: "Visitor 2" },
  ]);
});

test("who has no name goes by the identity", () => {
  assert.equal(people([person("visitor-7", "")])[0]?.name, "visitor-7");
});

test("company is one short sentence, however many they are", () => {
  const say = (count: number) =>
    companyInWords(people(Array.from({ length: count }, (_, n) => person(`${n}`, `V${n + 2}`))));
  assert.equal(say(0), "");
  assert.equal(say(1), "V2 is here too.");
  assert.equal(say(2), "V2 and V3 are here too.");
  assert.equal(say(9), "V2, V3, V4 and 6 more are here too.");
});

test("each is told whom the agent hears, as long as that is somebody in the room", () => {
  const others = people([person("b", "Visitor 2")]);
  assert.match(companyInWords(others, "a", "a"), /one at a time: now you\.$/);
  assert.match(companyInWords(others, "a", "b"), /one at a time: now Visitor 2\.$/);
  assert.equal(companyInWords(others, "a", "gone"), "Visitor 2 is here too.");
  assert.equal(companyInWords([], "a", "a"), "");
});
