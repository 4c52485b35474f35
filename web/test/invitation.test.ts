import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, namedIn } from "../src/invitation.ts";

test("the address of an invitation names the conversation, whatever it is called", () => {
  for (const room of ["demo-1a2b3c4d", "a b&c=d#e", "ü"]) {
    assert.equal(namedIn(addressOf(room, "http://127.0.0.1:8080/?room=old#x")), room);
  }
});

test("an address without a conversation, or with an empty one, leads to a fresh one or is refused", () => {
  assert.equal(namedIn("http://127.0.0.1:8080/"), undefined);
  assert.equal(namedIn("http://127.0.0.1:8080/?room="), "");
  assert.equal(addressOf(undefined, "http://127.0.0.1:8080/?room=old#x"), "http://127.0.0.1:8080/");
});
