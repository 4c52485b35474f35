// Hands a picture to the demo's server, which makes a face of it. Every failure is one sentence.

const PATH = "/picture?right=yes";
/** As the server's. */
const MAX_BYTES = 20 * 2 ** 20;
/** Longer than the server works on a picture. */
const ANSWER_WITHIN_MS = 200_000;

/** A face that was made of a picture. */
export interface Portrait {
  /** Under which the agent finds it. */
  readonly face: string;
  /** Sentences about the picture. */
  readonly warnings: readonly string[];
}

/** A failure; the message is for the person in front of the page. */
export class PictureError extends Error {}

/**
 * Sends a picture that its sender has the right to use.
 *
 * @param key the page's, from its connection.
 * @throws PictureError when the picture cannot become a face, or the server does not answer.
 */
export async function portraitOf(picture: Blob, key: string, send: typeof fetch = fetch): Promise<Portrait> {
  if (picture.size > MAX_BYTES) throw new PictureError("The picture has more than 20 MB: use a smaller one.");
  let response: Response;
  try {
    response = await send(PATH, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/octet-stream" },
      body: picture,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch {
    throw new PictureError("The demo’s server does not answer. Is it still running in its terminal?");
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (isPortrait(body)) return body;
  const said = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  throw new PictureError(typeof said === "string" ? said : `The picture was refused (HTTP ${response.status}).`);
}

function isPortrait(body: unknown): body is Portrait {
  if (typeof body !== "object" || body === null) return false;
  const { face, warnings } = body as Record<string, unknown>;
  return typeof face === "string" && Array.isArray(warnings) && warnings.every((each) => typeof each === "string");
}
