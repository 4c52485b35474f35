// The sound: audio tracks flow in, loudspeakers play. Where the browser wants a gesture first, the next
// one anywhere on the page is taken, and a button asks for it.

import { type RemoteTrack, type Room, RoomEvent } from "livekit-client";

export class Voice {
  private room: Room | undefined;

  constructor(private readonly start: HTMLButtonElement) {
    // Capturing, so that the gesture counts wherever it lands: a key or a touch on any control.
    for (const gesture of ["pointerup", "keydown"]) {
      document.addEventListener(gesture, () => void this.unlock(), { capture: true });
    }
  }

  /** Takes the sound of a new room. */
  follow(room: Room): void {
    this.room = room;
    const ask = () => {
      if (room === this.room) this.start.hidden = room.canPlaybackAudio && room.canPlaybackVideo;
    };
    room.on(RoomEvent.AudioPlaybackStatusChanged, ask);
    room.on(RoomEvent.VideoPlaybackStatusChanged, ask);
    ask();
  }

  play(track: RemoteTrack): void {
    track.attach();
  }

  stop(track: RemoteTrack): void {
    track.detach();
  }

  private async unlock(): Promise<void> {
    const room = this.room;
    if (room === undefined || this.start.hidden) return;
    // A gesture that the browser does not count leaves the button where it is.
    await Promise.allSettled([room.startAudio(), room.startVideo()]);
  }
}
