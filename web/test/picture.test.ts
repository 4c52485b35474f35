import assert from "node:assert/strict";
import { test } from "node:test";
import { PictureError, portraitOf } from "../src/picture.ts";

const answering = (body: string, status = 200) => () => Promise.resolve(new Response(body, { status }));
const failure = (words: RegExp) => (error: unknown) => error instanceof PictureError && words.test(error.message);
const picture = new Blob(["a photograph"]);

test("a picture is sent with the page's key and the sender's word, and becomes a face", async () => {
  const sent: [string, RequestInit | undefined][] = [];
  const send = (path: unknown, request?: RequestInit) => {
    sent.push([String(path), request]);
    return answering('{"face": "f", "warnings": ["It smiles."]}')();
  };
  assert.deepEqual(await portraitOf(picture, "k", send), { face: "f", warnings: ["It smiles."] });
  const [[path, request] = ["", undefined]] = sent;
  assert.equal(path, "/picture?right=yes");
  assert.equal(new Headers(request?.headers).get("Authorization"), "Bearer k");
  assert.equal(request?.body, picture);
});

test("the check's own sentence is passed on", async () => {
  await assert.rejects(
    portraitOf(picture, "k", answering('{"error": "No face was found."}', 422)),
    failure(/^No face was found\.$/),
  );
});

test("a picture that is too large is not sent, and any other answer is a sentence", async () => {
  const large = new Blob([new Uint8Array(20 * 2 ** 20 + 1)]);
  await assert.rejects(portraitOf(large, "k", () => assert.fail()), failure(/more than 20 MB/));
  await assert.rejects(portraitOf(picture, "k", answering("[]", 500)), failure(/HTTP 500/));
  await assert.rejects(
    portraitOf(picture, "k", () => Promise.reject(new TypeError("Failed to fetch"))),
    failure(/does not answer/),
  );
});
