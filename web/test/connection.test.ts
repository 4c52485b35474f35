import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchConnection, JoinError } from "../src/connection.ts";

const answering = (body: string, status = 200) => () => Promise.resolve(new Response(body, { status }));
const joinError = (words: RegExp) => (error: unknown) => error instanceof JoinError && words.test(error.message);

test("a complete answer is a connection", async () => {
  const connection = { url: "ws://127.0.0.1:7880", token: "t", room: "r", key: "k" };
  assert.deepEqual(await fetchConnection(undefined, answering(JSON.stringify(connection))), connection);
});

test("a server that does not answer and one that refuses give different sentences", async () => {
  await assert.rejects(
    fetchConnection(undefined, () => Promise.reject(new TypeError("Failed to fetch"))),
    joinError(/does not answer/),
  );
  await assert.rejects(fetchConnection(undefined, answering("", 500)), joinError(/HTTP 500/));
});

test("the server's own sentence is passed on", async () => {
  await assert.rejects(
    fetchConnection(undefined, answering('{"error": "The worker has stopped."}', 503)),
    joinError(/^The worker has stopped\.$/),
  );
});

test("any other answer is no connection", async () => {
  for (const body of ["<!doctype html>", "null", "[]", '{"url": "ws://x", "token": 7, "room": "r", "key": "k"}']) {
    await assert.rejects(fetchConnection(undefined, answering(body)), joinError(/without a room/));
  }
});

test("the wanted conversation is requested, whatever characters its name has", async () => {
  const asked: string[] = [];
  const get = (path: unknown) => {
    asked.push(String(path));
    return answering('{"url": "ws://x", "token": "t", "room": "r", "key": "k"}')();
  };
  await fetchConnection(undefined, get);
  await fetchConnection("a room&room=b#c", get);
  assert.equal(asked[0], "/connection");
  assert.equal(new URL(asked[1] ?? "", "http://x").searchParams.get("room"), "a room&room=b#c");
});

test("only an unknown conversation is not requested again", async () => {
  const lasting = async (status: number) => {
    const error = await fetchConnection("r", answering("{}", status)).catch((thrown: unknown) => thrown);
    return error instanceof JoinError && error.lasting;
  };
  assert.equal(await lasting(404), true);
  assert.equal(await lasting(503), false);
});
