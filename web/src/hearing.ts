// Transcriptions as LiveKit agents send them: text streams of a room flow in, lines flow out. An agent's
// turn is one stream that grows; each guess at the user's words is a stream of its own, with the same id.

import type { Room, TextStreamReader } from "livekit-client";
import type { Line, Speaker } from "./transcript.ts";

const TOPIC = "lk.transcription";
const SEGMENT = "lk.segment_id";
const FINAL = "lk.transcription_final";
const TRACK = "lk.transcribed_track_id";

/** Hands on every line that is heard in the room, each time it changes. */
export function hear(room: Room, heard: (line: Line) => void): void {
  room.registerTextStreamHandler(TOPIC, (reader, { identity }) => {
    void follow(reader, speakerOf(room, reader, identity), heard);
  });
}

async function follow(
  reader: TextStreamReader,
  speaker: Speaker,
  heard: (line: Line) => void,
): Promise<void> {
  const id = reader.info.attributes?.[SEGMENT] ?? reader.info.id;
  let text = "";
  let broken = false;
  try {
    for await (const piece of reader) {
      text += piece;
      heard({ id, speaker, text, final: false });
    }
  } catch {
    // A sender that went away mid-sentence: what was heard of it stays.
    broken = true;
  }
  if (broken || reader.info.attributes?.[FINAL] === "true") heard({ id, speaker, text, final: true });
}

function speakerOf(room: Room, reader: TextStreamReader, identity: string): Speaker {
  const track = reader.info.attributes?.[TRACK];
  const ours = [...room.localParticipant.trackPublications.keys()];
  return identity === room.localParticipant.identity || (track !== undefined && ours.includes(track))
    ? "user"
    : "agent";
}
