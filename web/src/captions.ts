// The captions: lines of the transcript flow in, a list that keeps its end in view flows out. Finished
// lines are also told to screen readers, once; unfinished ones change too often to be read out.

import type { Line, Speaker } from "./transcript.ts";

const NAMES: Readonly<Record<Speaker, string>> = { agent: "Agent", user: "You", other: "Somebody" };
/** Within this distance of its end a reader is following, and the list follows too. */
const AT_THE_END_PX = 48;

export class Captions {
  private readonly rows = new Map<string, { row: HTMLLIElement; words: HTMLElement; line: Line }>();

  constructor(
    private readonly scroller: HTMLElement,
    private readonly list: HTMLElement,
    private readonly announcer: HTMLElement,
  ) {}

  /** Makes the list show these lines. */
  show(lines: readonly Line[]): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const following = scrollHeight - scrollTop - clientHeight < AT_THE_END_PX;
    const ids = new Set(lines.map(({ id }) => id));
    for (const [id, { row }] of this.rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    for (const line of lines) this.draw(line);
    this.scroller.classList.toggle("empty", lines.length === 0);
    if (following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private draw(line: Line): void {
    const entry = this.rows.get(line.id) ?? this.add(line);
    if (entry.line.text !== line.text) entry.words.textContent = line.text;
    if (line.final && !entry.row.classList.contains("final")) {
      entry.row.classList.add("final");
      this.announce(line);
    }
    entry.line = line;
  }

  private add(line: Line) {
    const row = document.createElement("li");
    row.className = line.speaker;
    row.dataset.testid = `caption-${line.speaker}`;
    const name = document.createElement("span");
    // Where a line stands says whose it is, as long as there are two.
    name.className = line.speaker === "other" ? "name" : "unseen";
    name.textContent = line.speaker === "other" ? nameOf(line) : `${nameOf(line)}: `;
    const words = document.createElement("p");
    words.textContent = line.text;
    words.dir = "auto";
    row.append(name, words);
    this.list.append(row);
    const entry = { row, words, line };
    this.rows.set(line.id, entry);
    return entry;
  }

  private announce(line: Line): void {
    const told = document.createElement("p");
    told.textContent = `${nameOf(line)}: ${line.text}`;
    this.announcer.replaceChildren(told);
  }
}

function nameOf({ speaker, name }: Line): string {
  return name ?? NAMES[speaker];
}
