// Plays the room's audio.
//
// Where the browser wants a gesture first, the next one anywhere on the page is used, and a button asks for it.

import { type RemoteTrack, type Room, RoomEvent } from "livekit-client";

export class Playback {
  private room: Room | undefined;

  constructor(private readonly start: HTMLButtonElement) {
    // Capturing, so that a key or a touch on any control counts.
    for (const gesture of ["pointerup", "keydown"]) {
      document.addEventListener(gesture, () => void this.unlock(), { capture: true });
    }
  }

  /** Takes a new room. */
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
    // After a gesture that the browser does not accept the button stays.
    await Promise.allSettled([room.startAudio(), room.startVideo()]);
  }
}
