// Reads what WebRTC counts for a received track.

import type { RemoteTrack } from "livekit-client";

/**
 * Totals of a receiver: the time that everything played spent in its jitter buffer, how many
 * samples or frames that was, and how many samples of sound it made up (silence left out).
 */
export type StatsRow = [atMs: number, bufferedS: number, emitted: number, concealed: number];

/** What a receiver has counted so far: COUNTED of its kind, in its order. */
export type CountsRow = [atMs: number, ...counts: number[]];

// By their names in the statistics of an inbound-rtp.
export const COUNTED = {
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

export async function readStats(
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
