// The panel of the mind: what the face's agent tells of it flows in, words, a dot on a small field and a
// strip of mouth shapes flow out. Drawn only while it is open; no screen reader is told of every change.

import { lookInWords, type Mind, type Person, stateInWords } from "./mind.ts";
import { Trace, visemeInWords, WINDOW_MS } from "./mouth.ts";

/** A mind at rest is told once a second: after three times that it is not told any more. */
const STALE_MS = 3_000;
const DRAW_EVERY_MS = 80;
/** What is half the field, in radians: as far as the eyes of a portrait go. */
const FIELD_RAD = 0.6;
/** Half the field, in the units of its drawing. */
const FIELD = 44;
/** Where there is room beside the face it is open from the start. */
const ROOMY = "(min-width: 900px) and (min-height: 560px) and (min-aspect-ratio: 1)";
const UNKNOWN = "–";

export class MindPanel {
  latest: Mind | undefined;
  private toldMs = -Infinity;
  private blank = false;
  private readonly trace = new Trace();
  private readonly strip: HTMLCanvasElement | null;
  private readonly dot: SVGElement | null;

  constructor(
    private readonly root: HTMLDetailsElement,
    private readonly company: () => { readonly me: string; readonly others: readonly Person[] },
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.strip = root.querySelector("canvas");
    this.dot = root.querySelector(".gaze");
    root.open = matchMedia(ROOMY).matches;
    root.addEventListener("toggle", () => this.draw());
    setInterval(() => this.draw(), DRAW_EVERY_MS);
  }

  /** Takes what is told of this moment. */
  show(mind: Mind): void {
    const nowMs = this.nowMs();
    this.latest = mind;
    this.toldMs = nowMs;
    for (const { viseme, ageMs } of mind.changes) this.trace.add(viseme, nowMs - ageMs);
    this.trace.add(mind.viseme, nowMs);
  }

  /** Forgets what it was told: the room is another. */
  reset(): void {
    this.latest = undefined;
    this.trace.clear();
  }

  private draw(): void {
    if (!this.root.open || document.hidden) return;
    const mind = this.nowMs() - this.toldMs < STALE_MS ? this.latest : undefined;
    const { me, others } = this.company();
    this.write("state", mind && stateInWords(mind));
    this.write("look", mind && lookInWords(mind, me, others));
    this.write("expression", mind?.expression);
    this.write("viseme", mind && visemeInWords(mind.viseme));
    this.root.classList.toggle("untold", mind === undefined);
    if (mind === undefined) this.trace.clear();
    else this.point(mind);
    this.drawStrip();
  }

  private write(name: string, words = UNKNOWN): void {
    const place = this.root.querySelector(`[data-mind="${name}"]`);
    if (place && place.textContent !== words) place.textContent = words;
  }

  private point({ yawRad, pitchRad }: Mind): void {
    const along = (rad: number) => Math.max(-1, Math.min(1, rad / FIELD_RAD)) * FIELD;
    const [x, y] = [along(yawRad).toFixed(1), (-along(pitchRad)).toFixed(1)];
    this.dot?.style.setProperty("transform", `translate(${x}px, ${y}px)`);
  }

  private drawStrip(): void {
    const { strip } = this;
    const nowMs = this.nowMs();
    const runs = this.trace.runs(nowMs);
    // A mouth at rest leaves nothing to draw anew.
    if (runs.length === 0 && this.blank) return;
    this.blank = runs.length === 0;
    const pen = strip?.getContext("2d");
    if (!strip || !pen) return;
    const [width, height] = [strip.clientWidth, strip.clientHeight];
    const scale = window.devicePixelRatio || 1;
    if (strip.width !== Math.round(width * scale) || strip.height !== Math.round(height * scale)) {
      strip.width = Math.round(width * scale);
      strip.height = Math.round(height * scale);
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(strip).color;
    const x = (atMs: number) => width * (1 - (nowMs - atMs) / WINDOW_MS);
    for (const { startMs, endMs, open } of runs) {
      const high = Math.max(2, open * height);
      pen.fillRect(x(startMs), (height - high) / 2, Math.max(1, x(endMs) - x(startMs) - 1), high);
    }
  }
}
