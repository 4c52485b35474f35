// What the page says while there is no conversation, as one table of sentences.

/** Where the connection to the room stands. */
export type Link =
  | { readonly phase: "joining"; readonly again: boolean }
  | { readonly phase: "joined" }
  | { readonly phase: "reconnecting" }
  | {
      readonly phase: "lost";
      readonly why: string;
      readonly retryInS?: number;
      /** Whether only another conversation can be joined. */
      readonly fresh?: boolean;
    };

export interface Circumstances {
  readonly link: Link;
  /** Whether an agent is in the room now. */
  readonly agentHere: boolean;
  /** Whether one was in this room before. */
  readonly agentSeen: boolean;
  readonly faceShown: boolean;
  /** Whether the agent, or then its picture, has taken `PATIENCE_S` or longer. */
  readonly overdue: boolean;
}

export interface Notice {
  readonly text: string;
  /** `quiet` replaces the agent's state, `loud` is a card over the picture. */
  readonly tone: "quiet" | "loud";
  /** The words on the button that joins anew, where that may help. */
  readonly rejoin?: string;
  /** Shown after the text, and hidden from screen readers: it changes every second. */
  readonly countdown?: string;
}

/** A worker on a slow machine loads its models in some ten seconds. */
export const PATIENCE_S = 20;

const LOOK_AT_THE_WORKER =
  "Look at the terminal of the demo: it shows whether the agent runs, and where its log is.";

/** What to say now; undefined while the face is shown. */
export function noticeFor(now: Circumstances): Notice | undefined {
  switch (now.link.phase) {
    case "joining":
      return now.link.again
        ? { text: "Joining again…", tone: "loud" }
        : { text: "Joining the room…", tone: "quiet" };
    case "reconnecting":
      return { text: "The connection was lost. Reconnecting…", tone: "loud" };
    case "lost":
      return now.link.fresh
        ? { text: now.link.why, tone: "loud", rejoin: "Start a new conversation" }
        : lost(now.link.why, now.link.retryInS);
    case "joined":
      return now.agentHere ? withoutFace(now) : withoutAgent(now);
  }
}

function lost(why: string, retryInS: number | undefined): Notice {
  if (retryInS === undefined) return { text: why, tone: "loud", rejoin: "Rejoin" };
  return { text: why, tone: "loud", rejoin: "Rejoin now", countdown: `Trying again in ${retryInS} s.` };
}

function withoutAgent({ agentSeen, overdue }: Circumstances): Notice {
  if (agentSeen) {
    return { text: `The agent has left the room. ${LOOK_AT_THE_WORKER}`, tone: "loud", rejoin: "Rejoin" };
  }
  if (overdue) {
    return {
      text: `No agent has come in ${PATIENCE_S} seconds. ${LOOK_AT_THE_WORKER}`,
      tone: "loud",
      rejoin: "Rejoin",
    };
  }
  return { text: "Waiting for the agent…", tone: "quiet" };
}

function withoutFace({ faceShown, overdue }: Circumstances): Notice | undefined {
  if (faceShown) return undefined;
  if (overdue) {
    return {
      text: "The agent is here, but no picture has come. You can still talk to it; its log says why.",
      tone: "loud",
    };
  }
  return { text: "Waiting for the picture…", tone: "quiet" };
}
