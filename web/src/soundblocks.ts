// Reads the sound of a track, block by block, as it reaches the track's sinks.

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

/**
 * When the recorder got a block, its own timestamp, its length, the first sample that is loud
 * (-1: none), the number of samples that are silent, its rate, which track it is of (a participant
 * who reconnects publishes a new one, whose timestamps begin anew), and its RMS.
 */
export type BlockRow = [
  arrivedMs: number,
  stampMs: number,
  frames: number,
  loudAt: number,
  silent: number,
  sampleRate: number,
  track: number,
  rms: number,
];

// A third of the clapper's marker's RMS of 0.021, over windows of one and a half of its periods.
const SILENT_RMS = 0.007;
const SILENT_WINDOW_S = 0.005;
// A page that is blocked for five seconds loses no sound.
const BLOCKS_BUFFERED = 500;

/** Calls `take` with each block's row and samples until the track ends; these are overwritten. */
export async function readBlocks(
  track: MediaStreamTrack,
  number: number,
  loud: number,
  take: (row: BlockRow, samples: Float32Array) => void,
): Promise<void> {
  const processor = new MediaStreamTrackProcessor({ track, maxBufferSize: BLOCKS_BUFFERED });
  const reader = processor.readable.getReader();
  let samples = new Float32Array(0);
  for (;;) {
    const { value: block, done } = await reader.read();
    if (done) return;
    const arrivedMs = performance.now();
    if (samples.length !== block.numberOfFrames) samples = new Float32Array(block.numberOfFrames);
    block.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    const row: BlockRow = [
      arrivedMs,
      block.timestamp / 1e3,
      samples.length,
      samples.findIndex((sample) => Math.abs(sample) > loud),
      silentSamples(samples, Math.round(SILENT_WINDOW_S * block.sampleRate)),
      block.sampleRate,
      number,
      Math.sqrt(power(samples)),
    ];
    block.close();
    take(row, samples);
  }
}

/** How many samples lie in windows that are almost silent. */
function silentSamples(samples: Float32Array, window: number): number {
  let silent = 0;
  for (let start = 0; start < samples.length; start += window) {
    const part = samples.subarray(start, start + window);
    if (power(part) < SILENT_RMS ** 2) silent += part.length;
  }
  return silent;
}

function power(samples: Float32Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
}
