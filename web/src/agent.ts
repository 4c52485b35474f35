// Who in the room is the agent, and what it is doing: participants flow in, one word flows out.

import { ParticipantKind } from "livekit-client";

const STATE = "lk.agent.state";
const ON_BEHALF = "lk.publish_on_behalf";

/** What the agent is doing; `absent` until one is in the room. */
export type AgentState = "absent" | "initializing" | "idle" | "listening" | "thinking" | "speaking";

/** What is needed of a participant to tell an agent from a person. */
export interface Presence {
  readonly kind: ParticipantKind;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Each state in words, as the page shows it. */
export const STATE_WORDS: Readonly<Record<AgentState, string>> = {
  absent: "Not here",
  initializing: "Getting ready",
  idle: "Idle",
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
};

/** Whether a participant is the agent, or a worker that shows a face on the agent's behalf. */
export function isAgent({ kind, attributes }: Presence): boolean {
  return kind === ParticipantKind.AGENT || STATE in attributes || ON_BEHALF in attributes;
}

/** The state of the agent among the others in the room. */
export function agentState(others: Iterable<Presence>): AgentState {
  let state: AgentState = "absent";
  for (const other of others) {
    if (!isAgent(other)) continue;
    const told = other.attributes[STATE];
    if (told !== undefined && isState(told)) return told;
    // A face worker alone cannot answer: only the agent makes the room ready.
    state = "initializing";
  }
  return state;
}

/** Whether a message sent now would be heard: before that nobody listens for it. */
export function canHear(state: AgentState): boolean {
  return state !== "absent" && state !== "initializing";
}

function isState(word: string): word is AgentState {
  return word in STATE_WORDS && word !== "absent";
}
