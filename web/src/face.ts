// Shows the agent's video from its first true frame on.

import type { RemoteTrack } from "livekit-client";

/** LiveKit sends black frames of full size before the first captured one; only the pixels differ. */
const BLACK_LEVEL = 24;
/** A persona may be dark: after this long any frame is shown. */
const BLACK_AT_MOST_MS = 3_000;
const SMALLEST_FRAME_PX = 64;
const SAMPLE_PX = 8;
const POLL_MS = 80;
const STILL_EVERY_MS = 1_000;

export class Face {
  shown = false;
  private track: RemoteTrack | undefined;

  /**
   * @param still holds a recent frame, which the style sheet shows while the connection is mended. When a
   *   track ends it is too late to take one.
   */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly still: HTMLCanvasElement,
    private readonly changed: () => void,
  ) {
    setInterval(() => this.keepStill(), STILL_EVERY_MS);
    // The style sheet shows the picture no larger than it is drawn.
    video.addEventListener("resize", () => {
      document.documentElement.style.setProperty("--drawn", `${video.videoWidth}px`);
    });
  }

  /** Shows a track from its first true frame on. */
  async show(track: RemoteTrack): Promise<void> {
    this.hide();
    this.track = track;
    track.attach(this.video);
    await firstPicture(this.video, () => this.track === track);
    if (this.track === track) this.set(true);
  }

  /** Hides the picture, unless it is of another track by now. */
  hide(track = this.track): void {
    if (track === undefined || track !== this.track) return;
    this.track = undefined;
    track.detach(this.video);
    this.set(false);
  }

  private keepStill(): void {
    const { video, still } = this;
    if (!this.shown || video.videoWidth === 0) return;
    still.width = video.videoWidth;
    still.height = video.videoHeight;
    still.getContext("2d")?.drawImage(video, 0, 0);
  }

  private set(shown: boolean): void {
    this.shown = shown;
    this.video.classList.toggle("shown", shown);
    this.changed();
  }
}

async function firstPicture(video: HTMLVideoElement, wanted: () => boolean): Promise<void> {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SAMPLE_PX;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let firstAt: number | undefined;
  while (wanted()) {
    const now = await nextFrame(video);
    if (video.videoWidth < SMALLEST_FRAME_PX || video.videoHeight < SMALLEST_FRAME_PX) continue;
    firstAt ??= now;
    if (pen === null || now - firstAt > BLACK_AT_MOST_MS) return;
    pen.drawImage(video, 0, 0, SAMPLE_PX, SAMPLE_PX);
    if (brightest(pen.getImageData(0, 0, SAMPLE_PX, SAMPLE_PX).data) > BLACK_LEVEL) return;
  }
}

/** The time of the next frame; polled where a browser does not report frames. */
function nextFrame(video: HTMLVideoElement): Promise<number> {
  return new Promise((resolve) => {
    const done = () => resolve(performance.now());
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(done);
    else setTimeout(done, POLL_MS);
  });
}

function brightest(rgba: Uint8ClampedArray): number {
  return rgba.reduce((most, value, index) => (index % 4 === 3 ? most : Math.max(most, value)), 0);
}
