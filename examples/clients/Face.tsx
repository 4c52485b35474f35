// Shows the face in a React app, with @livekit/components-react. Voice and face are two tracks of
// the agent: no participant has to be looked for. Make the room with sync_streams (README).
import {
  LiveKitRoom,
  RoomAudioRenderer,
  VideoTrack,
  useVoiceAssistant,
} from "@livekit/components-react";

function Face() {
  const { videoTrack, state } = useVoiceAssistant();
  return videoTrack ? <VideoTrack trackRef={videoTrack} /> : <p>{state}</p>;
}

export function Call({ url, token }: { url: string; token: string }) {
  return (
    <LiveKitRoom serverUrl={url} token={token} audio connect>
      <Face />
      <RoomAudioRenderer />
    </LiveKitRoom>
  );
}
