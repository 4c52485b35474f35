import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchConnection, JoinError } from "../src/connection.ts";

const answering = (body: string, status = 200) => () => Promise.resolve(new Response(body, { status }));
const told = (words: RegExp) => (error: unknown) => error instanceof JoinError && words.test(error.message);

test("a complete answer is a connection", async () => {
  const connection = { url: "ws://127.0.0.1:7880", token: "t", room: "r" };
  assert.deepEqual(await fetchConnection(answering(JSON.stringify(connection))), connection);
});

test("a server that does not answer is told from one that refuses", async () => {
  await assert.rejects(
    fetchConnection(() => Promise.reject(new TypeError("Failed to fetch"))),
    told(/does not answer/),
  );
  await assert.rejects(fetchConnection(answering("", 500)), told(/HTTP 500/));
});

test("the server's own sentence is passed on", async () => {
  await assert.rejects(
    fetchConnection(answering('{"error": "The worker has stopped."}', 503)),
    told(/^The worker has stopped\.$/),
  );
});

test("anything else is no connection", async () => {
  for (const body of ["<!doctype html>", "null", "[]", '{"url": "ws://x", "token": 7, "room": "r"}']) {
    await assert.rejects(fetchConnection(answering(body)), told(/without a room/));
  }
});
