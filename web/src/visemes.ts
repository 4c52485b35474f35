// The visemes of the last seconds, as runs on a strip of time.
//
// Pure, so that it can be tested without a page.

interface Shape {
  /** How open it is drawn, in [0, 1]: for the eye, not to scale. */
  readonly open: number;
  /** The sounds that look like this, as an English reader would write them; none at rest. */
  readonly sounds: string;
}

/** The 15 visemes; `sil` is the mouth at rest. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  sil: { open: 0, sounds: "" },
  PP: { open: 0.08, sounds: "p, b, m" },
  FF: { open: 0.2, sounds: "f, v" },
  TH: { open: 0.3, sounds: "th" },
  DD: { open: 0.34, sounds: "t, d" },
  kk: { open: 0.38, sounds: "k, g" },
  CH: { open: 0.4, sounds: "ch, j, sh" },
  SS: { open: 0.26, sounds: "s, z" },
  nn: { open: 0.34, sounds: "n, l" },
  RR: { open: 0.42, sounds: "r" },
  aa: { open: 1, sounds: "ah" },
  E: { open: 0.72, sounds: "eh" },
  I: { open: 0.52, sounds: "ee" },
  O: { open: 0.82, sounds: "oh" },
  U: { open: 0.5, sounds: "oo" },
};

/** For a viseme that this page does not know. */
const UNKNOWN: Shape = { open: 0.5, sounds: "" };

/** The length of the strip. */
export const WINDOW_MS = 2_000;

/** A viseme from one time to another. */
export interface Run {
  readonly viseme: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly open: number;
}

/** The visemes of the last seconds; times are of the page's clock. */
export class Trace {
  private changes: { viseme: string; atMs: number }[] = [];

  /** Adds a change; later ones that were added before are dropped. */
  add(viseme: string, atMs: number): void {
    const kept = this.changes.filter((change) => change.atMs < atMs);
    if (kept.at(-1)?.viseme !== viseme) kept.push({ viseme, atMs });
    // The viseme at the window's start began before it.
    const first = kept.findLastIndex((change) => change.atMs <= atMs - WINDOW_MS);
    this.changes = kept.slice(Math.max(0, first));
  }

  clear(): void {
    this.changes = [];
  }

  /** The runs of the window that ends at a time, oldest first, without the mouth at rest. */
  runs(nowMs: number): readonly Run[] {
    return this.changes
      .map(({ viseme, atMs }, index) => ({
        viseme,
        startMs: Math.max(atMs, nowMs - WINDOW_MS),
        endMs: Math.min(this.changes[index + 1]?.atMs ?? nowMs, nowMs),
        open: shapeOf(viseme).open,
      }))
      .filter(({ viseme, startMs, endMs }) => viseme !== "sil" && endMs > startMs);
  }
}

/** A viseme with the sounds it stands for: "PP (p, b, m)". */
export function visemeInWords(viseme: string): string {
  if (viseme === "sil") return "at rest";
  const { sounds } = shapeOf(viseme);
  return sounds === "" ? viseme : `${viseme} (${sounds})`;
}

function shapeOf(viseme: string): Shape {
  return Object.hasOwn(SHAPES, viseme) ? (SHAPES[viseme] ?? UNKNOWN) : UNKNOWN;
}
