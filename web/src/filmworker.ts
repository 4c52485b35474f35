// A worker of the viewer's page: passes received frames on to the decoder, and a copy of each to disk,
// as it came over the network. Nothing is decoded or encoded again for the recording.
//
// Messages to the socket: once {"stream", "codec"} as JSON; for each frame the stream, its RTP timestamp and
// whether it is a keyframe (uint32, little endian), then the frame.

import { Outlet, framed } from "./outlet.ts";

// TypeScript's DOM library has no workers.
interface EncodedFrame {
  readonly data: ArrayBuffer;
  readonly type: "key" | "delta" | "empty";
  getMetadata(): { rtpTimestamp?: number; mimeType?: string };
}
interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: { readonly stream: number; readonly address: string };
}

self.addEventListener("rtctransform", (event) => {
  const { transformer } = event as unknown as { transformer: Transformer };
  const { stream, address } = transformer.options;
  const outlet = new Outlet(`${address}?part=picture`);
  let known = false;
  const copy = new TransformStream<EncodedFrame, EncodedFrame>({
    transform(frame, controller) {
      const { rtpTimestamp = 0, mimeType = "" } = frame.getMetadata();
      if (!known) outlet.send(JSON.stringify({ stream, codec: mimeType }));
      known = true;
      const key = frame.type === "key" ? 1 : 0;
      outlet.send(framed([stream, rtpTimestamp, key], frame.data));
      controller.enqueue(frame);
    },
    flush: () => outlet.close(),
  });
  transformer.readable
    .pipeThrough(copy)
    .pipeTo(transformer.writable)
    .catch(() => outlet.close());
});
