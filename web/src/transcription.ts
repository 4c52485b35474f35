// The spoken and typed lines of a room, from LiveKit's transcription and chat topics.
//
// An agent's turn is one stream that grows; each guess at a person's words is a stream of its own with the
// same segment id. Texts come from strangers: they are cut, and only so many lines of one participant are
// taken in a while, so that no participant can freeze the page or push the conversation off it.

import type { Room, TextStreamReader } from "livekit-client";
import { isAgent } from "./agent.ts";
import { nameOf } from "./participants.ts";
import type { Line } from "./transcript.ts";

export const CHAT_TOPIC = "lk.chat";
const TRANSCRIPTION_TOPIC = "lk.transcription";
const SEGMENT = "lk.segment_id";
const FINAL = "lk.transcription_final";
const TRACK = "lk.transcribed_track_id";

/** As the message field allows; an agent's longest turn is well below. */
export const MAX_CHARS = 2_000;
/** New lines of one person within `LINES_WINDOW_MS`: faster than a person speaks or types. */
export const MAX_LINES = 15;
export const LINES_WINDOW_MS = 10_000;
const UNKNOWN: Side = { speaker: "other", name: "Unknown" };

/** Who speaks a line. */
type Side = Pick<Line, "speaker" | "name">;

/** Calls `changed` with every line of the room, each time its text or its speaker changes. */
export function readTranscription(
  room: Room,
  changed: (line: Line) => void,
  nowMs: () => number = () => performance.now(),
): void {
  const limit = new LineLimit(nowMs);
  const read = (whole: boolean) => (reader: TextStreamReader, { identity }: { identity: string }) =>
    void follow(room, reader, identity, { limit, changed, whole });
  room.registerTextStreamHandler(TRANSCRIPTION_TOPIC, read(false));
  room.registerTextStreamHandler(CHAT_TOPIC, read(true));
}

interface Follow {
  readonly limit: LineLimit;
  readonly changed: (line: Line) => void;
  /** Whether a stream is a whole line, as in the chat. */
  readonly whole: boolean;
}

async function follow(room: Room, reader: TextStreamReader, identity: string, to: Follow): Promise<void> {
  const { limit, changed, whole } = to;
  // With the sender in it, so that no participant can replace the line of another participant.
  const id = `${identity}:${reader.info.attributes?.[SEGMENT] ?? reader.info.id}`;
  const track = reader.info.attributes?.[TRACK];
  let side = sideOf(room, identity, track) ?? UNKNOWN;
  const allowed = side.speaker === "agent" || limit.allows(identity, id);
  const show = (final: boolean) => {
    // A participant may become known late, and leave before the end of the line.
    side = sideOf(room, identity, track) ?? side;
    if (allowed) changed({ ...side, id, text, final });
  };
  let text = "";
  let broken = false;
  try {
    // A stream is read to its end even where its text is dropped: unread pieces would stay in memory.
    for await (const piece of reader) {
      if (text.length >= MAX_CHARS) continue;
      text = (text + piece).slice(0, MAX_CHARS);
      if (!whole) show(false);
    }
  } catch {
    // The sender left in mid-sentence: what was received of it stays.
    broken = true;
  }
  if (whole || broken || reader.info.attributes?.[FINAL] === "true") show(true);
}

/**
 * Who speaks a line, or undefined while its sender is not known.
 *
 * Only an agent may send the words of another participant: it names their track.
 */
function sideOf(room: Room, identity: string, track: string | undefined): Side | undefined {
  const me = room.localParticipant;
  if (identity === me.identity) return { speaker: "user" };
  const sender = room.remoteParticipants.get(identity);
  if (sender === undefined) return undefined;
  if (!isAgent(sender)) return { speaker: "other", name: nameOf(sender) };
  if (track === undefined) return { speaker: "agent" };
  if (me.trackPublications.has(track)) return { speaker: "user" };
  const other = [...room.remoteParticipants.values()].find(({ trackPublications }) => trackPublications.has(track));
  return other === undefined || isAgent(other)
    ? { speaker: "agent" }
    : { speaker: "other", name: nameOf(other) };
}

/** Counts the new lines of each participant. */
class LineLimit {
  private readonly recent = new Map<string, { readonly id: string; readonly atMs: number }[]>();

  constructor(private readonly nowMs: () => number) {}

  /** Whether a line may be shown; a later guess at a line that may is free. */
  allows(identity: string, id: string): boolean {
    const atMs = this.nowMs();
    const recent = (this.recent.get(identity) ?? []).filter((line) => atMs - line.atMs < LINES_WINDOW_MS);
    this.recent.set(identity, recent);
    if (recent.some((line) => line.id === id)) return true;
    if (recent.length >= MAX_LINES) return false;
    recent.push({ id, atMs });
    return true;
  }
}
