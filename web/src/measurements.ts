// Computes what this browser receives from WebRTC's statistics: offset, frame rate and delays.
//
// Pure, so that it can be tested without a call.

/** One reading of what is received of one track; times in the units of WebRTC's statistics. */
export interface Reading {
  readonly atMs: number;
  /** The sender's clock time of what is played now; only tracks in a sync group have it. */
  readonly playoutMs: number | undefined;
  readonly bufferedS: number;
  readonly emitted: number;
  readonly lost: number;
  readonly roundTripS: number | undefined;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly freezes: number;
}

/** A figure is undefined where this browser or this room does not give it. */
export interface Measurements {
  /** Picture minus sound: positive when the picture is late. */
  readonly offsetMs: number | undefined;
  readonly fps: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly soundBufferMs: number | undefined;
  readonly pictureBufferMs: number | undefined;
  readonly roundTripMs: number | undefined;
  readonly freezes: number;
  readonly lost: number;
}

export type Readings = Readonly<Partial<Record<"sound" | "picture", Reading>>>;

/** Single estimates scatter by a frame or so: the median of this many is shown. */
const OFFSETS_KEPT = 9;

type Statistic = Record<string, unknown> & { type: string };

/** Reads one receiver's report. */
export function read(report: Iterable<[string, Statistic]>): Reading | undefined {
  const statistics = new Map(report);
  const find = (type: string) => [...statistics.values()].find((each) => each.type === type);
  const inbound = find("inbound-rtp");
  if (inbound === undefined) return undefined;
  const chosen = find("transport")?.selectedCandidatePairId;
  const pair = typeof chosen === "string" ? statistics.get(chosen) : undefined;
  return {
    atMs: number(inbound.timestamp) ?? 0,
    playoutMs: number(inbound.estimatedPlayoutTimestamp),
    bufferedS: number(inbound.jitterBufferDelay) ?? 0,
    emitted: number(inbound.jitterBufferEmittedCount) ?? 0,
    lost: number(inbound.packetsLost) ?? 0,
    roundTripS: number(pair?.currentRoundTripTime),
    frames: number(inbound.framesDecoded) ?? 0,
    width: number(inbound.frameWidth) ?? 0,
    height: number(inbound.frameHeight) ?? 0,
    freezes: number(inbound.freezeCount) ?? 0,
  };
}

/** Figures of the last second, from readings a second apart. */
export class Gauge {
  private before: Readings = {};
  private offsetsMs: number[] = [];

  measure(now: Readings): Measurements {
    const { sound, picture } = now;
    const before = this.before;
    this.before = now;
    const offset = sound && picture && offsetMs(sound, picture);
    this.offsetsMs = offset === undefined ? [] : [...this.offsetsMs, offset].slice(-OFFSETS_KEPT);
    const roundTripS = picture?.roundTripS ?? sound?.roundTripS;
    return {
      offsetMs: median(this.offsetsMs),
      fps: picture && rate(before.picture, picture),
      width: picture?.width ?? 0,
      height: picture?.height ?? 0,
      soundBufferMs: sound && bufferMs(before.sound, sound),
      pictureBufferMs: picture && bufferMs(before.picture, picture),
      roundTripMs: roundTripS === undefined ? undefined : roundTripS * 1_000,
      freezes: picture?.freezes ?? 0,
      lost: (sound?.lost ?? 0) + (picture?.lost ?? 0),
    };
  }
}

/** What is played of the sound minus what is shown of the picture, each at the time of its reading. */
function offsetMs(sound: Reading, picture: Reading): number | undefined {
  if (sound.playoutMs === undefined || picture.playoutMs === undefined) return undefined;
  return sound.playoutMs - sound.atMs - (picture.playoutMs - picture.atMs);
}

function rate(before: Reading | undefined, now: Reading): number | undefined {
  if (before === undefined || now.atMs <= before.atMs || now.frames < before.frames) return undefined;
  return ((now.frames - before.frames) * 1_000) / (now.atMs - before.atMs);
}

function bufferMs(before: Reading | undefined, now: Reading): number | undefined {
  const emitted = now.emitted - (before?.emitted ?? 0);
  if (emitted <= 0) return undefined;
  return ((now.bufferedS - (before?.bufferedS ?? 0)) * 1_000) / emitted;
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
