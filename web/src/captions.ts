// The captions: a list of lines that keeps its end in view.
//
// Finished lines are announced to screen readers, once; unfinished ones change too often. The list is drawn a
// few times a second at most, however fast lines change.

import type { Line, Speaker } from "./transcript.ts";

const NAMES: Readonly<Record<Speaker, string>> = { agent: "Agent", user: "You", other: "Unknown" };
/** Within this distance of its end a person is reading along, and the list follows. */
const AT_THE_END_PX = 48;
const DRAW_EVERY_MS = 50;

interface Entry {
  readonly row: HTMLLIElement;
  readonly words: HTMLElement;
  line: Line;
  /** Shows who speaks the line. */
  sign(by: Line): void;
}

export class Captions {
  private readonly rows = new Map<string, Entry>();
  private lines: readonly Line[] = [];
  private timer: number | undefined;

  constructor(
    private readonly scroller: HTMLElement,
    private readonly list: HTMLElement,
    private readonly announcer: HTMLElement,
  ) {}

  /** Makes the list show these lines, soon. */
  show(lines: readonly Line[]): void {
    this.lines = lines;
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      this.draw();
    }, DRAW_EVERY_MS);
  }

  private draw(): void {
    const { lines } = this;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const following = scrollHeight - scrollTop - clientHeight < AT_THE_END_PX;
    const ids = new Set(lines.map(({ id }) => id));
    for (const [id, { row }] of this.rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    for (const line of lines) this.drawLine(line);
    this.scroller.classList.toggle("empty", lines.length === 0);
    if (following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private drawLine(line: Line): void {
    const entry = this.rows.get(line.id) ?? this.add(line);
    if (entry.line.speaker !== line.speaker || entry.line.name !== line.name) entry.sign(line);
    if (entry.line.text !== line.text) entry.words.textContent = line.text;
    if (line.final && !entry.row.classList.contains("final")) {
      entry.row.classList.add("final");
      this.announce(line);
    }
    entry.line = line;
  }

  private add(line: Line): Entry {
    const row = document.createElement("li");
    const name = document.createElement("span");
    const sign = (by: Line) => {
      row.classList.remove(...Object.keys(NAMES));
      row.classList.add(by.speaker);
      row.dataset.testid = `caption-${by.speaker}`;
      // The side on which a line stands names the agent and the reader.
      name.className = by.speaker === "other" ? "name" : "unseen";
      name.textContent = by.speaker === "other" ? nameOf(by) : `${nameOf(by)}: `;
    };
    sign(line);
    const words = document.createElement("p");
    words.textContent = line.text;
    words.dir = "auto";
    row.append(name, words);
    this.list.append(row);
    const entry = { row, words, line, sign };
    this.rows.set(line.id, entry);
    return entry;
  }

  private announce(line: Line): void {
    const spoken = document.createElement("p");
    spoken.textContent = `${nameOf(line)}: ${line.text}`;
    this.announcer.replaceChildren(spoken);
  }
}

function nameOf({ speaker, name }: Line): string {
  return name ?? NAMES[speaker];
}
