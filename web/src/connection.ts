// Asks the demo's server for a place in a room. Every failure is one sentence that a person can act on.

const CONNECTION_PATH = "/connection";
const ANSWER_WITHIN_MS = 8_000;
/** The HTTP status for a conversation that does not exist. */
const UNKNOWN_ROOM = 404;

/** A place in a room to which the agent is dispatched. */
export interface Connection {
  readonly url: string;
  readonly token: string;
  readonly room: string;
  /** Admits this page to other requests of the server. */
  readonly key: string;
}

/** A failure to join; the message is for the person in front of the page. */
export class JoinError extends Error {
  constructor(
    message: string,
    /** Whether the same request would fail again. */
    readonly lasting = false,
  ) {
    super(message);
  }
}

/**
 * Asks the server that served the page for a new connection.
 *
 * @param room the conversation to join, or undefined for a new one.
 * @throws JoinError when the server does not answer, refuses, or answers something else.
 */
export async function fetchConnection(
  room: string | undefined,
  get: typeof fetch = fetch,
): Promise<Connection> {
  const path = room === undefined ? CONNECTION_PATH : `${CONNECTION_PATH}?${new URLSearchParams({ room })}`;
  let response: Response;
  try {
    response = await get(path, {
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch {
    throw new JoinError("The demo’s server does not answer. Is it still running in its terminal?");
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    throw new JoinError(refusal(response.status, body), response.status === UNKNOWN_ROOM);
  }
  if (!isConnection(body)) {
    throw new JoinError("The demo’s server answered without a room to join. Is it the right version?");
  }
  return body;
}

function refusal(status: number, body: unknown): string {
  if (isRecord(body) && typeof body.error === "string") return body.error;
  return `The demo’s server could not make a room (HTTP ${status}). Its terminal says why.`;
}

function isConnection(body: unknown): body is Connection {
  return (
    isRecord(body) &&
    typeof body.url === "string" &&
    typeof body.token === "string" &&
    typeof body.room === "string" &&
    typeof body.key === "string"
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
