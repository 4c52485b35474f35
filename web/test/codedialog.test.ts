import assert from "node:assert/strict";
import { test } from "node:test";
import { linesFor } from "../src/codedialog.ts";

test("the lines name what is chosen, and nothing that is so anyway", () => {
  assert.match(linesFor({ face: "man", style: "natural" }), /AvatarSession\(\)\n/);
  assert.match(linesFor({ face: "woman", style: "natural" }), /AvatarSession\("woman"\)\n/);
  assert.match(linesFor({ face: "man", style: "calm" }), /AvatarSession\(style="calm"\)\n/);
});

test("the face of a picture comes with the command that makes it", () => {
  const lines = linesFor({ face: "picture", style: "off" });
  assert.match(lines, /livekit-avatar persona me\.jpg -o me\.onnx\n/);
  assert.match(lines, /AvatarSession\("me\.onnx", style="off"\)\n/);
});
