import assert from "node:assert/strict";
import { test } from "node:test";
import { type Circumstances, noticeFor } from "../src/notice.ts";

const talking: Circumstances = {
  link: { phase: "joined" },
  agentHere: true,
  agentSeen: true,
  faceShown: true,
  overdue: false,
};
const alone = { ...talking, agentHere: false, agentSeen: false, faceShown: false };

test("nothing is said over a conversation", () => {
  assert.equal(noticeFor(talking), undefined);
  assert.equal(noticeFor({ ...talking, overdue: true }), undefined);
});

test("waiting is said quietly as long as it is not too long", () => {
  assert.equal(noticeFor(alone)?.tone, "quiet");
  assert.equal(noticeFor({ ...talking, faceShown: false })?.tone, "quiet");
});

test("an agent that does not come is said with where to look, and joining anew is offered", () => {
  const notice = noticeFor({ ...alone, overdue: true });
  assert.equal(notice?.tone, "loud");
  assert.match(notice?.text ?? "", /terminal of the demo/);
  assert.ok(notice?.rejoin);
});

test("an agent that left is told from one that never came", () => {
  assert.match(noticeFor({ ...alone, agentSeen: true })?.text ?? "", /has left/);
});

test("a voice without a face can still be talked to, and says so", () => {
  const notice = noticeFor({ ...talking, faceShown: false, overdue: true });
  assert.match(notice?.text ?? "", /talk to it all the same/);
  assert.equal(notice?.rejoin, undefined);
});

test("a lost connection says why, when it tries again, and offers to do so now", () => {
  const lost = (retryInS?: number) =>
    noticeFor({
      ...talking,
      link: { phase: "lost", why: "It is gone.", ...(retryInS !== undefined && { retryInS }) },
    });
  assert.deepEqual(lost(4), {
    text: "It is gone.",
    tone: "loud",
    rejoin: "Rejoin now",
    countdown: "Trying again in 4 s.",
  });
  assert.deepEqual(lost(), { text: "It is gone.", tone: "loud", rejoin: "Rejoin" });
});

test("mending is said over the picture, and leaves nothing to press", () => {
  const notice = noticeFor({ ...talking, link: { phase: "reconnecting" } });
  assert.equal(notice?.tone, "loud");
  assert.equal(notice?.rejoin, undefined);
});

test("where only another conversation can be joined, that is offered", () => {
  const notice = noticeFor({ ...talking, link: { phase: "lost", why: "It is not here.", fresh: true } });
  assert.equal(notice?.text, "It is not here.");
  assert.match(notice?.rejoin ?? "", /new conversation/);
  assert.equal(notice?.countdown, undefined);
});
