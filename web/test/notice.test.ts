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

test("there is no notice during a conversation", () => {
  assert.equal(noticeFor(talking), undefined);
  assert.equal(noticeFor({ ...talking, overdue: true }), undefined);
});

test("waiting is quiet while it is short", () => {
  assert.equal(noticeFor(alone)?.tone, "quiet");
  assert.equal(noticeFor({ ...talking, faceShown: false })?.tone, "quiet");
});

test("a missing agent names where to look, and offers to rejoin", () => {
  const notice = noticeFor({ ...alone, overdue: true });
  assert.equal(notice?.tone, "loud");
  assert.match(notice?.text ?? "", /terminal of the demo/);
  assert.ok(notice?.rejoin);
});

test("an agent that left and one that never came give different sentences", () => {
  assert.match(noticeFor({ ...alone, agentSeen: true })?.text ?? "", /has left/);
});

test("a missing picture is named, and the conversation goes on", () => {
  const notice = noticeFor({ ...talking, faceShown: false, overdue: true });
  assert.match(notice?.text ?? "", /still talk to it/);
  assert.equal(notice?.rejoin, undefined);
});

test("a lost connection names the reason and the next try, and offers to rejoin now", () => {
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

test("reconnecting is loud, and offers nothing to press", () => {
  const notice = noticeFor({ ...talking, link: { phase: "reconnecting" } });
  assert.equal(notice?.tone, "loud");
  assert.equal(notice?.rejoin, undefined);
});

test("an unknown conversation offers a new one", () => {
  const notice = noticeFor({ ...talking, link: { phase: "lost", why: "It is not here.", fresh: true } });
  assert.equal(notice?.text, "It is not here.");
  assert.match(notice?.rejoin ?? "", /new conversation/);
  assert.equal(notice?.countdown, undefined);
});
