// Tells which participant is the agent, and what it is doing.

import { ParticipantKind } from "livekit-client";

const STATE = "lk.agent.state";
const FACE = "avatar.face";
const STYLE = "avatar.style";
const ON_BEHALF = "lk.publish_on_behalf";

/** What the agent is doing; `absent` until one is in the room. */
export type AgentState = "absent" | "initializing" | "idle" | "listening" | "thinking" | "speaking";

/** What tells an agent from a person. */
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
    const reported = other.attributes[STATE];
    if (reported !== undefined && isState(reported)) return reported;
    // A face worker alone cannot answer: the agent itself is still missing.
    state = "initializing";
  }
  return state;
}

/** What an agent shows. */
export interface Shown {
  /** "man", "woman", "filmed-man", "caller", "sketch", or "picture". */
  readonly face: string;
  readonly style: string;
}

/** What an agent says that it shows; undefined for an agent whose face cannot be chosen. */
export function shownBy({ attributes }: Pick<Presence, "attributes">): Shown | undefined {
  const [face, style] = [attributes[FACE], attributes[STYLE]];
  return face === undefined || style === undefined ? undefined : { face, style };
}

/** Whether the agent would hear a message that is sent now. */
export function canHear(state: AgentState): boolean {
  return state !== "absent" && state !== "initializing";
}

function isState(word: string): word is AgentState {
  return word in STATE_WORDS && word !== "absent";
}
