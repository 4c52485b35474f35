import assert from "node:assert/strict";
import { test } from "node:test";
import { ParticipantKind } from "livekit-client";
import { agentState, canHear, isAgent, type Presence, shownBy } from "../src/agent.ts";

const person: Presence = { kind: ParticipantKind.STANDARD, attributes: {} };
const agent = (state?: string): Presence => ({
  kind: ParticipantKind.AGENT,
  attributes: state === undefined ? {} : { "lk.agent.state": state },
});
const faceWorker: Presence = {
  kind: ParticipantKind.STANDARD,
  attributes: { "lk.publish_on_behalf": "agent-1" },
};

test("a room of people has no agent", () => {
  assert.equal(agentState([person, person]), "absent");
});

test("the agent's state is its own attribute", () => {
  assert.equal(agentState([person, agent("thinking")]), "thinking");
});

test("an agent that says nothing yet, or something unknown, is getting ready", () => {
  assert.equal(agentState([agent()]), "initializing");
  assert.equal(agentState([agent("absent")]), "initializing");
  assert.equal(agentState([agent("dancing")]), "initializing");
});

test("a face worker is part of the agent but cannot say what the agent does", () => {
  assert.ok(isAgent(faceWorker));
  assert.equal(agentState([faceWorker]), "initializing");
  assert.equal(agentState([faceWorker, agent("speaking")]), "speaking");
});

test("messages wait until the agent can hear them", () => {
  assert.equal(canHear("absent"), false);
  assert.equal(canHear("initializing"), false);
  assert.equal(canHear("idle"), true);
  assert.equal(canHear("speaking"), true);
});

test("what an agent shows is told by its attributes, or it cannot be chosen", () => {
  const attributes = { "avatar.face": "woman", "avatar.style": "calm" };
  assert.deepEqual(shownBy({ attributes }), { face: "woman", style: "calm" });
  assert.equal(shownBy({ attributes: { "avatar.face": "woman" } }), undefined);
  assert.equal(shownBy(agent("idle")), undefined);
});
