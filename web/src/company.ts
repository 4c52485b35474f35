// Who else is in the conversation: participants flow in, names and two honest sentences flow out.

import { isAgent, type Presence } from "./agent.ts";
import type { Person } from "./mind.ts";

/** What is needed of a participant to name them. */
export interface Participant extends Presence {
  readonly identity: string;
  readonly name?: string | undefined;
}

/** Above this a list of names is no sentence. */
const MOST_NAMED = 3;

/** The people among the others in the room, as they are called. */
export function people(others: Iterable<Participant>): readonly Person[] {
  return [...others]
    .filter((other) => !isAgent(other))
    .map(({ identity, name }) => ({ identity, name: name || identity }));
}

/**
 * Who is here besides the reader, in two sentences; none when nobody is.
 *
 * @param me the identity of the reader.
 * @param hears the identity of the one whom the agent hears: LiveKit's agents hear one person of a room.
 */
export function companyInWords(others: readonly Person[], me = "", hears?: string): string {
  if (others.length === 0) return "";
  const names = others.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = others.length - names.length;
  if (more > 0) names.push(`${more} more`);
  const last = names.pop() ?? "";
  const list = names.length === 0 ? last : `${names.join(", ")} and ${last}`;
  const heard = hears === me ? "you" : others.find(({ identity }) => identity === hears)?.name;
  const here = `${list} ${others.length === 1 ? "is" : "are"} here too.`;
  if (heard === undefined) return here;
  return `${here} The face turns to whoever speaks, and the agent hears one at a time: now ${heard}.`;
}
