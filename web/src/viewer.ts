// The page of a viewer in the evals: joins a room and records when each frame is on the screen and when each
// block of sound reaches its track. eval/offset.py evaluates the records.
//
// Address: viewer.html?url=ws://...&token=...[&publisher=IDENTITY], to watch that participant only.
// Result: window.viewer, a Recorder. All times are milliseconds of performance.now().

import { Room, RoomEvent, Track, type RemoteTrack } from "livekit-client";

// TypeScript's DOM library does not know these two yet.
interface SoundBlock {
  readonly timestamp: number; // microseconds
  readonly numberOfFrames: number;
  readonly sampleRate: number;
  copyTo(target: Float32Array, options: { planeIndex: number; format: "f32-planar" }): void;
  close(): void;
}
declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack; maxBufferSize?: number });
  readonly readable: ReadableStream<SoundBlock>;
}

/** When a frame is shown, its brightness 0..255, and how many were shown so far. */
type FrameRow = [shownMs: number, luma: number, presented: number];

/**
 * When the recorder got a block, its own timestamp, its length, the first sample that is loud
 * (-1: none), the number of samples that are silent, and which track it is of: a participant
 * who reconnects publishes a new one, whose timestamps begin anew.
 */
type BlockRow = [
  arrivedMs: number,
  stampMs: number,
  frames: number,
  loudAt: number,
  silent: number,
  sampleRate: number,
  track: number,
];

/**
 * Totals of a receiver: the time that everything played spent in its jitter buffer, how many
 * samples or frames that was, and how many samples of sound it made up (silence left out).
 */
type StatsRow = [atMs: number, bufferedS: number, emitted: number, concealed: number];

/** What a receiver has counted so far: COUNTED of its kind, in its order. */
type CountsRow = [atMs: number, ...counts: number[]];

// By their names in the statistics of an inbound-rtp.
const COUNTED = {
  picture: [
    "packetsReceived",
    "packetsLost",
    "framesReceived",
    "framesDecoded",
    "keyFramesDecoded",
    "framesDropped",
    "freezeCount",
    "nackCount",
    "pliCount",
    "firCount",
    "jitterBufferDelay",
    "jitterBufferTargetDelay",
    "jitterBufferEmittedCount",
  ],
  sound: [
    "packetsReceived",
    "packetsLost",
    "packetsDiscarded",
    "concealedSamples",
    "concealmentEvents",
    "removedSamplesForAcceleration",
    "insertedSamplesForDeceleration",
    "jitterBufferDelay",
    "jitterBufferTargetDelay",
    "jitterBufferMinimumDelay",
    "jitterBufferEmittedCount",
  ],
} as const;

// Half the beep's level is 0.2 and the marker tone"s peak 0.03: between the two.
const LOUD = 0.1;
// A third of the marker's RMS of 0.021, over windows of one and a half of its periods.
const SILENT_RMS = 0.007;
const SILENT_WINDOW_S = 0.005;
// A page that is blocked for a second loses no sound.
const BLOCKS_BUFFERED = 100;
const STATS_EVERY_MS = 250;
const LATENCY_EVERY_MS = 500;

class Recorder {
  readonly frames: FrameRow[] = [];
  readonly blocks: BlockRow[] = [];
  readonly soundStats: StatsRow[] = [];
  readonly pictureStats: StatsRow[] = [];
  readonly pictureCounts: CountsRow[] = [];
  readonly soundCounts: CountsRow[] = [];
  readonly counted = COUNTED;
  readonly outputLatencyMs: number[] = [];
  readonly errors: string[] = [];
  /** Where the zero of all times lies, in milliseconds since 1970. */
  readonly originMs = performance.timeOrigin;

  private readonly timers = new Map<RemoteTrack, number>();
  private tracksHeard = 0;
  private watching = false;

  private readonly video = document.querySelector("video")!;
  private readonly audio = document.querySelector("audio")!;
  private readonly room = new Room({ adaptiveStream: false, dynacast: false });
  private readonly context = new AudioContext({ latencyHint: "interactive" });

  async join(url: string, token: string, publisher: string | null): Promise<void> {
    this.room.on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
      if (publisher === null || participant.identity === publisher) this.watch(track);
    });
    this.room.on(RoomEvent.TrackUnsubscribed, (track) => this.leave(track));
    await this.room.connect(url, token);
    await this.room.startAudio();
    await this.context.resume();
    setInterval(
      () => this.outputLatencyMs.push(this.context.outputLatency * 1e3),
      LATENCY_EVERY_MS,
    );
  }

  /** The progress in words, for the message of a timeout. */
  state(): string {
    const counts = `${this.frames.length} frames, ${this.blocks.length} blocks of sound`;
    return `${this.room.state}, ${counts}, errors: ${this.errors.join("; ") || "none"}`;
  }

  private watch(track: RemoteTrack): void {
    const video = track.kind === Track.Kind.Video;
    const rows = video ? this.pictureStats : this.soundStats;
    const counts = video ? this.pictureCounts : this.soundCounts;
    const names = video ? COUNTED.picture : COUNTED.sound;
    track.attach(video ? this.video : this.audio);
    if (!video) {
      this.watchBlocks(track).catch((error) => this.errors.push(String(error)));
    } else if (!this.watching) {
      this.watching = true;
      this.watchFrames();
    }
    const read = (): void => void readStats(track, rows, counts, names);
    this.timers.set(track, window.setInterval(read, STATS_EVERY_MS));
  }

  private leave(track: RemoteTrack): void {
    window.clearInterval(this.timers.get(track));
    this.timers.delete(track);
    track.detach();
  }

  private watchFrames(): void {
    const canvas = new OffscreenCanvas(16, 16);
    const pixels = canvas.getContext("2d", { willReadFrequently: true })!;
    const onFrame = (_now: number, frame: VideoFrameCallbackMetadata): void => {
      this.video.requestVideoFrameCallback(onFrame);
      pixels.drawImage(this.video, 0, 0, 16, 16);
      const luma = pixels.getImageData(10, 8, 1, 1).data[0] ?? 0;
      this.frames.push([frame.expectedDisplayTime, luma, frame.presentedFrames]);
    };
    this.video.requestVideoFrameCallback(onFrame);
  }

  private async watchBlocks(track: RemoteTrack): Promise<void> {
    const processor = new MediaStreamTrackProcessor({
      track: track.mediaStreamTrack,
      maxBufferSize: BLOCKS_BUFFERED,
    });
    const reader = processor.readable.getReader();
    const trackNumber = this.tracksHeard++;
    let samples = new Float32Array(0);
    for (;;) {
      const { value: block, done } = await reader.read();
      if (done) return;
      const arrivedMs = performance.now();
      if (samples.length !== block.numberOfFrames) samples = new Float32Array(block.numberOfFrames);
      block.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      this.blocks.push([
        arrivedMs,
        block.timestamp / 1e3,
        samples.length,
        samples.findIndex((sample) => Math.abs(sample) > LOUD),
        silentSamples(samples, Math.round(SILENT_WINDOW_S * block.sampleRate)),
        block.sampleRate,
        trackNumber,
      ]);
      block.close();
    }
  }
}

async function readStats(
  track: RemoteTrack,
  rows: StatsRow[],
  counts: CountsRow[],
  names: readonly string[],
): Promise<void> {
  const report = await track.receiver?.getStats();
  report?.forEach((entry) => {
    if (entry.type !== "inbound-rtp") return;
    const concealed = (entry.concealedSamples ?? 0) - (entry.silentConcealedSamples ?? 0);
    rows.push([
      performance.now(),
      entry.jitterBufferDelay,
      entry.jitterBufferEmittedCount,
      concealed,
    ]);
    counts.push([performance.now(), ...names.map((name) => Number(entry[name] ?? 0))]);
  });
}

/** How many samples lie in windows that are almost silent. */
function silentSamples(samples: Float32Array, window: number): number {
  let silent = 0;
  for (let start = 0; start < samples.length; start += window) {
    const part = samples.subarray(start, start + window);
    const power = part.reduce((sum, sample) => sum + sample * sample, 0) / part.length;
    if (power < SILENT_RMS ** 2) silent += part.length;
  }
  return silent;
}

declare global {
  interface Window {
    viewer: Recorder;
  }
}

const address = new URLSearchParams(location.search);
window.viewer = new Recorder();
window.viewer
  .join(address.get("url") ?? "", address.get("token") ?? "", address.get("publisher"))
  .then(() => document.body.classList.add("joined"))
  .catch((error) => window.viewer.errors.push(String(error)));
