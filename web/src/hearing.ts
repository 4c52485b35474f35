// Transcriptions as LiveKit agents send them, and what others type: text streams of a room flow in, lines
// flow out. An agent's turn is one stream that grows; each guess at a person's words is a stream of its
// own, with the same id.

import type { Room, TextStreamReader } from "livekit-client";
import { people } from "./company.ts";
import type { Line } from "./transcript.ts";

export const CHAT_TOPIC = "lk.chat";
const TOPIC = "lk.transcription";
const SEGMENT = "lk.segment_id";
const FINAL = "lk.transcription_final";
const TRACK = "lk.transcribed_track_id";

/** Hands on every line that is heard in the room, each time it changes. */
export function hear(room: Room, heard: (line: Line) => void): void {
  room.registerTextStreamHandler(TOPIC, (reader, { identity }) => {
    void follow(reader, sideOf(room, reader, identity), heard);
  });
  room.registerTextStreamHandler(CHAT_TOPIC, (reader, { identity }) => {
    void follow(reader, sideOf(room, reader, identity), heard, true);
  });
}

/** Whose line it is. */
type Side = Pick<Line, "speaker" | "name">;

async function follow(
  reader: TextStreamReader,
  side: Side,
  heard: (line: Line) => void,
  whole = false,
): Promise<void> {
  const id = reader.info.attributes?.[SEGMENT] ?? reader.info.id;
  let text = "";
  let broken = false;
  try {
    for await (const piece of reader) {
      text += piece;
      heard({ ...side, id, text, final: false });
    }
  } catch {
    // A sender that went away mid-sentence: what was heard of it stays.
    broken = true;
  }
  if (whole || broken || reader.info.attributes?.[FINAL] === "true") heard({ ...side, id, text, final: true });
}

function sideOf(room: Room, reader: TextStreamReader, identity: string): Side {
  const track = reader.info.attributes?.[TRACK];
  const ours = [...room.localParticipant.trackPublications.keys()];
  if (identity === room.localParticipant.identity || (track !== undefined && ours.includes(track))) {
    return { speaker: "user" };
  }
  const other = people(room.remoteParticipants.values()).find((person) => person.identity === identity);
  return other === undefined ? { speaker: "agent" } : { speaker: "other", name: other.name };
}
