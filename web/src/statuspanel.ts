// The status panel: words, a dot for the gaze, and a strip of visemes.
//
// Drawn only while it is open, and not announced to screen readers, because it changes all the time.

import type { Person } from "./participants.ts";
import { lookInWords, type AvatarStatus, stateInWords } from "./status.ts";
import { Trace, visemeInWords, WINDOW_MS } from "./visemes.ts";

/** An unchanged status comes once a second; after three seconds without one it is unknown. */
const STALE_MS = 3_000;
const DRAW_EVERY_MS = 80;
/** Half the field in radians: the range of a portrait's eyes. */
const FIELD_RAD = 0.6;
/** Half the field in the units of its drawing. */
const FIELD = 44;
const UNKNOWN = "–";

export class StatusPanel {
  latest: AvatarStatus | undefined;
  private receivedMs = -Infinity;
  private blank = false;
  private readonly trace = new Trace();
  private readonly strip: HTMLCanvasElement | null;
  private readonly dot: SVGElement | null;

  constructor(
    private readonly root: HTMLDetailsElement,
    private readonly people: () => { readonly me: string; readonly others: readonly Person[] },
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.strip = root.querySelector("canvas");
    this.dot = root.querySelector(".gaze");
    root.addEventListener("toggle", () => this.draw());
    setInterval(() => this.draw(), DRAW_EVERY_MS);
  }

  /** Takes a new status. */
  show(status: AvatarStatus): void {
    const nowMs = this.nowMs();
    this.latest = status;
    this.receivedMs = nowMs;
    for (const { viseme, ageMs } of status.changes) this.trace.add(viseme, nowMs - ageMs);
    this.trace.add(status.viseme, nowMs);
  }

  /** Forgets the status, because the room is another. */
  reset(): void {
    this.latest = undefined;
    this.trace.clear();
  }

  private draw(): void {
    if (!this.root.open || document.hidden) return;
    const status = this.nowMs() - this.receivedMs < STALE_MS ? this.latest : undefined;
    const { me, others } = this.people();
    this.write("state", status && stateInWords(status));
    this.write("look", status && lookInWords(status, me, others));
    this.write("expression", status?.expression);
    this.write("viseme", status && visemeInWords(status.viseme));
    this.root.classList.toggle("unknown", status === undefined);
    if (status === undefined) this.trace.clear();
    else this.point(status);
    this.drawStrip();
  }

  private write(name: string, words = UNKNOWN): void {
    const place = this.root.querySelector(`[data-status="${name}"]`);
    if (place && place.textContent !== words) place.textContent = words;
  }

  private point({ yawRad, pitchRad }: AvatarStatus): void {
    const along = (rad: number) => Math.max(-1, Math.min(1, rad / FIELD_RAD)) * FIELD;
    const [x, y] = [along(yawRad).toFixed(1), (-along(pitchRad)).toFixed(1)];
    this.dot?.style.setProperty("transform", `translate(${x}px, ${y}px)`);
  }

  private drawStrip(): void {
    const { strip } = this;
    const nowMs = this.nowMs();
    const runs = this.trace.runs(nowMs);
    // An empty strip is drawn once.
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
