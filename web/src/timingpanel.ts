// The timing panel: figures of the two received tracks, once a second.

import type { RemoteTrack } from "livekit-client";
import { Gauge, type Measurements, read, type Reading } from "./measurements.ts";

const EVERY_MS = 1_000;
/** A browser that can tell the offset does so after some seconds: before, it is not missing. */
const WITHOUT_OFFSET = 10;
/** Below this viewers see no difference (the tighter side of ATSC IS/191). */
const IN_SYNC_MS = 15;
/** Within this viewers take picture and sound for one (ITU-R BT.1359-1). */
const UNSEEN_MS = 45;
/** A face that arrives at fewer frames a second than this is not drawn, encoded or decoded in time. */
const BUSY_FPS = 24;

export class TimingPanel {
  latest: Measurements | undefined;
  sound: RemoteTrack | undefined;
  picture: RemoteTrack | undefined;
  private gauge = new Gauge();
  /** Measurements without an offset, since the tracks are these. */
  private without = 0;

  constructor(private readonly root: HTMLElement) {
    setInterval(() => void this.refresh(), EVERY_MS);
  }

  /** Forgets what was measured, because the tracks are new. */
  reset(): void {
    this.gauge = new Gauge();
    this.without = 0;
  }

  private async refresh(): Promise<void> {
    if (!this.sound && !this.picture) return;
    const [sound, picture] = await Promise.all([reading(this.sound), reading(this.picture)]);
    this.latest = this.gauge.measure({ ...(sound && { sound }), ...(picture && { picture }) });
    const told = inWords(this.latest);
    if (this.latest.offsetMs === undefined) this.without += 1;
    const early = this.latest.offsetMs === undefined && this.without < WITHOUT_OFFSET;
    for (const [name, words] of Object.entries(early ? { ...told, offset: "–" } : told)) {
      const place = this.root.querySelector(`[data-figure="${name}"]`);
      if (place) place.textContent = words;
    }
  }
}

async function reading(track: RemoteTrack | undefined): Promise<Reading | undefined> {
  const report = await track?.getRTCStatsReport();
  return report && read(report);
}

/** The figures as the panel shows them. */
export function inWords(figures: Measurements): Readonly<Record<string, string>> {
  return {
    offset: offset(figures.offsetMs),
    picture: figures.fps === undefined
      ? "–"
      : `${Math.round(figures.fps)} fps, ${figures.width} × ${figures.height}`,
    soundbuffer: ms(figures.soundBufferMs),
    picturebuffer: ms(figures.pictureBufferMs),
    roundtrip: ms(figures.roundTripMs),
    freezes: String(figures.freezes),
    lost: figures.lost === 1 ? "1 packet" : `${figures.lost} packets`,
    meaning: meaning(figures),
  };
}

/** What the offset tells. */
function meaning({ offsetMs, fps }: Measurements): string {
  const what = "Offset is picture minus sound, as this browser estimates it.";
  if (offsetMs === undefined) return what;
  if (fps !== undefined && fps < BUSY_FPS) {
    return `${what} This machine is busy: it draws, sends and shows the face, and is late with it.`;
  }
  if (Math.abs(offsetMs) <= UNSEEN_MS) return `${what} Viewers see no difference below ${UNSEEN_MS} ms.`;
  return `${what} Its buffers still settle, for up to half a minute.`;
}

function offset(value: number | undefined): string {
  if (value === undefined) return "n/a (room without sync_streams)";
  const rounded = Math.round(value);
  const signed = `${rounded > 0 ? "+" : rounded < 0 ? "−" : ""}${Math.abs(rounded)} ms`;
  if (Math.abs(rounded) <= IN_SYNC_MS) return `${signed}, in sync`;
  return `${signed}, picture ${rounded > 0 ? "late" : "early"}`;
}

function ms(value: number | undefined): string {
  return value === undefined ? "–" : `${Math.round(value)} ms`;
}
