import assert from "node:assert/strict";
import { test } from "node:test";
import { randomUuid } from "../src/uuid.ts";

test("a random UUID has the form of version 4, and is another each time", () => {
  const uuids = Array.from({ length: 100 }, randomUuid);
  for (const uuid of uuids) assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(uuids).size, 100);
});
