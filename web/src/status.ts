// Reads the status packets of the face, and puts them in words.
//
// Packets come from a lossy channel; one that does not fit is ignored.

import type { Person } from "./participants.ts";

export const STATUS_TOPIC = "avatar.status";

/** Ten times the size of a usual packet. */
const MAX_BYTES = 4_096;
/** Longer words are cut, so that they break no layout. */
const MAX_CHARS = 40;
/** Beyond the range of eyes. */
const MAX_RAD = Math.PI / 2;
/** Older changes are no longer on the strip. */
const MAX_AGE_MS = 10_000;
const MAX_CHANGES = 64;

/** A change of viseme, so many milliseconds before its packet was sent. */
export interface VisemeChange {
  readonly viseme: string;
  readonly ageMs: number;
}

/** One moment of the face. */
export interface AvatarStatus {
  readonly state: string;
  /** "camera", "away", "point", or the identity of a participant. */
  readonly lookingAt: string;
  /** Of the eyes, from the camera to the picture's right. */
  readonly yawRad: number;
  /** Of the eyes, from the camera upwards. */
  readonly pitchRad: number;
  readonly expression: string;
  readonly viseme: string;
  /** The identity of the participant whom the agent hears. */
  readonly hears: string | undefined;
  /** The changes since the previous packet, oldest first. */
  readonly changes: readonly VisemeChange[];
}

const STATES: Readonly<Record<string, string>> = {
  initializing: "Getting ready",
  idle: "Idle",
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
  ending: "Ending its turn",
  interrupted: "Interrupted",
  overhearing: "Overhearing",
  override: "Looking where it is asked to",
  aside: "Looking aside",
};

/** Reads a packet; undefined when it does not fit. */
export function readStatus(payload: Uint8Array): AvatarStatus | undefined {
  if (payload.byteLength > MAX_BYTES) return undefined;
  let packet: unknown;
  try {
    packet = JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
  if (typeof packet !== "object" || packet === null) return undefined;
  const fields = packet as Record<string, unknown>;
  const [state, lookingAt, expression, viseme] = [
    word(fields.state),
    word(fields.looking_at, Infinity),
    word(fields.expression),
    word(fields.viseme),
  ];
  const [yawRad, pitchRad] = [angle(fields.yaw_rad), angle(fields.pitch_rad)];
  const changes = Array.isArray(fields.visemes) ? readChanges(fields.visemes) : [];
  if (state === undefined || lookingAt === undefined || expression === undefined) return undefined;
  if (viseme === undefined || yawRad === undefined || pitchRad === undefined) return undefined;
  if (changes === undefined) return undefined;
  const hears = word(fields.hears, Infinity);
  return { state, lookingAt, yawRad, pitchRad, expression, viseme, hears, changes };
}

/** What the face is doing, in words. */
export function stateInWords(status: AvatarStatus): string {
  return Object.hasOwn(STATES, status.state) ? (STATES[status.state] ?? status.state) : status.state;
}

/**
 * Where the face looks, in words for one participant.
 *
 * @param me the identity of that participant.
 * @param others the other people in the room; with any, a look at the camera is for all.
 */
export function lookInWords({ lookingAt }: AvatarStatus, me: string, others: readonly Person[]): string {
  if (lookingAt === "camera") return others.length === 0 ? "at you" : "at the camera";
  if (lookingAt === me) return "at your seat";
  if (lookingAt === "away") return "away";
  if (lookingAt === "point") return "in a set direction";
  const seen = others.find(({ identity }) => identity === lookingAt);
  return seen === undefined ? "at a participant" : `at ${seen.name}`;
}

function word(value: unknown, most = MAX_CHARS): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, most) : undefined;
}

function angle(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) <= MAX_RAD ? value : undefined;
}

function readChanges(sent: readonly unknown[]): readonly VisemeChange[] | undefined {
  const changes = sent.slice(-MAX_CHANGES).map((change) => {
    const [name, ageMs] = Array.isArray(change) ? change : [];
    const viseme = word(name);
    const known = typeof ageMs === "number" && ageMs >= 0 && ageMs <= MAX_AGE_MS;
    return viseme !== undefined && known ? { viseme, ageMs } : undefined;
  });
  return changes.every((change) => change !== undefined) ? changes : undefined;
}
