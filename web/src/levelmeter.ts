// The level of the microphone, as the custom property `--level` in [0, 1] of an element.

import { createAudioAnalyser, type LocalAudioTrack } from "livekit-client";

/** Speech at arm's length measures about 0.1 to 0.3 on the analyser's scale. */
const FULL_VOLUME = 0.3;

export class Meter {
  private track: LocalAudioTrack | undefined;
  private release: (() => void) | undefined;

  constructor(private readonly target: HTMLElement) {}

  /** Measures a track from now on, or none. */
  follow(track: LocalAudioTrack | undefined): void {
    if (track === this.track) return;
    this.release?.();
    this.release = undefined;
    this.track = track;
    this.target.style.setProperty("--level", "0");
    if (track === undefined) return;

    const analyser = createAudioAnalyser(track, { cloneTrack: false });
    let frame = 0;
    const draw = () => {
      const level = Math.min(1, analyser.calculateVolume() / FULL_VOLUME);
      this.target.style.setProperty("--level", level.toFixed(3));
      frame = requestAnimationFrame(draw);
    };
    draw();
    this.release = () => {
      cancelAnimationFrame(frame);
      void analyser.cleanup();
    };
  }
}
