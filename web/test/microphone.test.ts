import assert from "node:assert/strict";
import { test } from "node:test";
import { microphoneTrouble } from "../src/microphone.ts";

test("each failure has a sentence of its own, and offers typing", () => {
  const sentences = ["NotAllowedError", "NotFoundError", "NotReadableError"].map((name) =>
    microphoneTrouble(new DOMException("x", name), true),
  );
  assert.equal(new Set(sentences).size, 3);
  for (const sentence of sentences) assert.match(sentence, /type/);
});

test("an unknown error is passed on with its own message", () => {
  assert.match(microphoneTrouble(new Error("cable cut"), true), /cable cut/);
  assert.match(microphoneTrouble("odd", true), /odd/);
});

test("a page that is not served securely says so, whatever the browser said", () => {
  assert.match(microphoneTrouble(new TypeError("undefined"), false), /https or localhost/);
});
