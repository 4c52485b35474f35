// Sends what a viewer's page records to disk, so that a page that watches for hours stays small.

import { Outlet, framed } from "./outlet.ts";
import type { Rows } from "./viewer.ts";

// As in filmworker.ts; TypeScript's DOM library does not know the options of a transform.
declare class RTCRtpScriptTransform {
  constructor(worker: Worker, options: { stream: number; address: string });
}

const FLUSH_EVERY_MS = 250;
const FULL_SCALE = 32_767;

export class Film {
  private readonly outlet: Outlet;
  private readonly worker = new Worker("filmworker.js", { type: "module" });
  private readonly sounds = new Map<number, Int16Array<ArrayBuffer>[]>();
  private readonly streams = new Map<string, number>();
  private readonly kept = new WeakSet<RTCRtpReceiver>();
  private streamCount = 0;

  /** Made before the room: from then on, a copy is kept of all frames that are received. */
  constructor(
    private readonly address: string,
    private readonly rows: Rows,
  ) {
    if (!("RTCRtpScriptTransform" in globalThis)) {
      throw new Error("this browser has no RTCRtpScriptTransform: take a newer Chromium or Chrome");
    }
    this.outlet = new Outlet(`${address}?part=rows`);
    setInterval(() => this.flush(), FLUSH_EVERY_MS);
    const receive = (receiver: RTCRtpReceiver): void => this.keepFrames(receiver);
    // Chromium takes a transform in the very event that brings the track, and later ignores it.
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener("track", ({ receiver }) => receive(receiver));
      }
    };
  }

  /** The number by which the frames of a track are kept; -1 if they are not. */
  streamOf(track: MediaStreamTrack): number {
    return this.streams.get(track.id) ?? -1;
  }

  /** Keep a block of sound. */
  sound(samples: Float32Array, track: number): void {
    const kept = this.sounds.get(track) ?? [];
    kept.push(Int16Array.from(samples, (sample) => FULL_SCALE * clipped(sample)));
    this.sounds.set(track, kept);
  }

  /** Send what has come since the last time. */
  flush(): void {
    for (const [track, blocks] of this.sounds) {
      const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.byteLength, 0));
      let at = 0;
      for (const block of blocks) {
        bytes.set(new Uint8Array(block.buffer), at);
        at += block.byteLength;
      }
      this.outlet.send(framed([track], bytes.buffer));
    }
    this.sounds.clear();
    const sent = Object.fromEntries(
      Object.entries(this.rows).map(([name, rows]) => [name, rows.splice(0)]),
    );
    this.outlet.send(JSON.stringify({ ...sent, dropped: this.outlet.dropped }));
  }

  private keepFrames(receiver: RTCRtpReceiver): void {
    if (receiver.track.kind !== "video" || this.kept.has(receiver)) return;
    this.kept.add(receiver);
    const stream = this.streamCount++;
    this.streams.set(receiver.track.id, stream);
    const transform = new RTCRtpScriptTransform(this.worker, { stream, address: this.address });
    (receiver as unknown as { transform: unknown }).transform = transform;
  }
}

function clipped(sample: number): number {
  return Math.max(-1, Math.min(1, sample));
}
