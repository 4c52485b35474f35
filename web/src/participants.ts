// The other people in the room, by name.

import { isAgent, type Presence } from "./agent.ts";

export interface Participant extends Presence {
  readonly identity: string;
  readonly name?: string | undefined;
}

export interface Person {
  readonly identity: string;
  readonly name: string;
}

/** A sentence names no more than these. */
const MAX_NAMED = 3;
/** A longer name is cut. */
const MAX_NAME_CHARS = 40;

/** The people among the other participants. */
export function people(others: Iterable<Participant>): readonly Person[] {
  return [...others]
    .filter((other) => !isAgent(other))
    .map((other) => ({ identity: other.identity, name: nameOf(other) }));
}

/** The name under which a participant is shown. */
export function nameOf({ identity, name }: Pick<Participant, "identity" | "name">): string {
  return (name || identity).slice(0, MAX_NAME_CHARS);
}

/**
 * Names the other people and says whom the agent hears; empty when there are none.
 *
 * @param me the identity of this page's participant.
 * @param hears the identity of the participant whom the agent hears: LiveKit's agents hear one at a time.
 */
export function othersInWords(others: readonly Person[], me = "", hears?: string): string {
  if (others.length === 0) return "";
  const names = others.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = others.length - names.length;
  if (more > 0) names.push(`${more} more`);
  const last = names.pop() ?? "";
  const list = names.length === 0 ? last : `${names.join(", ")} and ${last}`;
  const heard = hears === me ? "you" : others.find(({ identity }) => identity === hears)?.name;
  const here = `${list} ${others.length === 1 ? "is" : "are"} here too.`;
  if (heard === undefined) return here;
  return `${here} The face turns to the person who speaks, and the agent hears one at a time: now ${heard}.`;
}
