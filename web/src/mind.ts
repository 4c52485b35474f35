// The face's mind as its agent tells it: packets of a lossy channel flow in, a checked record and words
// for people flow out. Whatever is no such packet is nobody, and does no harm.

export const MIND_TOPIC = "avatar.mind";

/** Ten times what a packet takes: more is none. */
const MOST_BYTES = 4_096;
/** Names are a few words; a longer one is cut, so that it breaks no layout. */
const MOST_LETTERS = 40;
/** Far beyond what eyes can do. */
const MOST_RAD = Math.PI / 2;
/** Older changes of the mouth are off the trace in any case. */
const MOST_AGE_MS = 10_000;
const MOST_CHANGES = 64;

/** The mouth took a shape, so many milliseconds before its packet was sent. */
export interface VisemeChange {
  readonly viseme: string;
  readonly ageMs: number;
}

/** One moment of the face. */
export interface Mind {
  readonly state: string;
  /** "camera", "away", "point", or the identity of somebody in the room. */
  readonly lookingAt: string;
  /** Where the eyes point: to the picture's right of the camera. */
  readonly yawRad: number;
  /** And upwards. */
  readonly pitchRad: number;
  readonly expression: string;
  readonly viseme: string;
  /** The identity of the one whom the agent hears. */
  readonly hears: string | undefined;
  /** The changes since the packet before, oldest first. */
  readonly changes: readonly VisemeChange[];
}

/** Somebody in the room, as far as the panel names them. */
export interface Person {
  readonly identity: string;
  readonly name: string;
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
  told: "As told",
};

/** Reads a packet; undefined when it is none. */
export function readMind(payload: Uint8Array): Mind | undefined {
  if (payload.byteLength > MOST_BYTES) return undefined;
  let told: unknown;
  try {
    told = JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
  if (typeof told !== "object" || told === null) return undefined;
  const fields = told as Record<string, unknown>;
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
export function stateInWords(mind: Mind): string {
  return Object.hasOwn(STATES, mind.state) ? (STATES[mind.state] ?? mind.state) : mind.state;
}

/**
 * Whom the face looks at, in words for one of them.
 *
 * @param me the identity of whoever reads it.
 * @param others who else is in the room: with company the camera is everybody.
 */
export function lookInWords({ lookingAt }: Mind, me: string, others: readonly Person[]): string {
  if (lookingAt === "camera") return others.length === 0 ? "at you" : "at the camera";
  if (lookingAt === me) return "at your seat";
  if (lookingAt === "away") return "away";
  if (lookingAt === "point") return "where it was told to";
  const seen = others.find(({ identity }) => identity === lookingAt);
  return seen === undefined ? "at somebody" : `at ${seen.name}`;
}

function word(value: unknown, most = MOST_LETTERS): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, most) : undefined;
}

function angle(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) <= MOST_RAD ? value : undefined;
}

function readChanges(told: readonly unknown[]): readonly VisemeChange[] | undefined {
  const changes = told.slice(-MOST_CHANGES).map((change) => {
    const [name, ageMs] = Array.isArray(change) ? change : [];
    const viseme = word(name);
    const known = typeof ageMs === "number" && ageMs >= 0 && ageMs <= MOST_AGE_MS;
    return viseme !== undefined && known ? { viseme, ageMs } : undefined;
  });
  return changes.every((change) => change !== undefined) ? changes : undefined;
}
