// The microphone's button: publishes a track, or shows why it cannot. The page works without one.

import { LocalAudioTrack, type Room, RoomEvent, Track } from "livekit-client";
import { Meter } from "./levelmeter.ts";

/** Sentences by the name of the browser's error. */
const TROUBLE: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The browser blocks the microphone on this page. Allow it in the site’s settings and press again, or type.",
  NotFoundError: "No microphone was found. You can type instead.",
  NotReadableError: "The microphone is in use by another program. Close that and press again, or type.",
  OverconstrainedError: "The microphone cannot give the sound that is needed. You can type instead.",
};

/** Why the microphone could not be switched on, in a sentence. */
export function microphoneTrouble(error: unknown, secure: boolean): string {
  if (!secure) return "Browsers lend the microphone only to pages on https or localhost. You can type instead.";
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return TROUBLE[name] ?? `The microphone could not be switched on: ${message}. You can type instead.`;
}

export class Microphone {
  private room: Room | undefined;
  private wanted = false;
  private busy = false;
  private readonly meter: Meter;

  constructor(
    private readonly button: HTMLButtonElement,
    private readonly trouble: HTMLElement,
  ) {
    this.meter = new Meter(button);
    button.addEventListener("click", () => void this.toggle());
  }

  /** Takes a new room; a microphone that was on in the last room is switched on again. */
  follow(room: Room): void {
    this.room = room;
    const look = () => {
      if (room === this.room) this.reflect();
    };
    room
      .on(RoomEvent.LocalTrackPublished, look)
      .on(RoomEvent.LocalTrackUnpublished, look)
      .on(RoomEvent.TrackMuted, look)
      .on(RoomEvent.TrackUnmuted, look)
      .on(RoomEvent.Disconnected, look)
      .on(RoomEvent.Connected, () => {
        if (this.wanted) void this.set(true);
      });
    this.reflect();
  }

  async toggle(): Promise<void> {
    this.wanted = !this.on;
    await this.set(this.wanted);
  }

  private get on(): boolean {
    return this.room?.localParticipant.isMicrophoneEnabled ?? false;
  }

  private async set(on: boolean): Promise<void> {
    if (this.busy || this.room === undefined) return;
    this.busy = true;
    this.button.setAttribute("aria-busy", "true");
    try {
      await this.room.localParticipant.setMicrophoneEnabled(on);
      this.say("");
    } catch (error) {
      this.wanted = false;
      this.say(microphoneTrouble(error, window.isSecureContext));
    } finally {
      this.busy = false;
      this.button.removeAttribute("aria-busy");
      this.reflect();
    }
  }

  private reflect(): void {
    const track = this.room?.localParticipant.getTrackPublication(Track.Source.Microphone)?.track;
    this.button.setAttribute("aria-pressed", String(this.on));
    this.button.title = this.on ? "Microphone is on (M)" : "Microphone is off (M)";
    this.meter.follow(this.on && track instanceof LocalAudioTrack ? track : undefined);
  }

  private say(text: string): void {
    this.trouble.textContent = text;
    this.trouble.hidden = text === "";
  }
}
