// What was said by both sides: pieces of text flow in, lines flow out. A line that is still being spoken
// is replaced by what comes later; a finished line never changes.

/** A long evening of talk; older lines leave so that the page stays light. */
export const MOST_LINES = 200;

/** The agent, whoever reads the page, or somebody else in the room. */
export type Speaker = "agent" | "user" | "other";

/** One turn of one side. */
export interface Line {
  readonly id: string;
  readonly speaker: Speaker;
  /** What somebody else is called. */
  readonly name?: string;
  readonly text: string;
  readonly final: boolean;
}

/** The conversation so far, in the order in which the turns began. */
export class Transcript {
  private readonly byId = new Map<string, Line>();

  get lines(): readonly Line[] {
    return [...this.byId.values()];
  }

  /**
   * Puts a line in, or replaces the one with the same id.
   *
   * @returns whether anything changed: a finished line stays, and silence makes no line.
   */
  put(line: Line): boolean {
    const before = this.byId.get(line.id);
    if (before?.final) return false;
    if (line.text.trim() === "") return line.final && this.byId.delete(line.id);
    this.byId.set(line.id, line);
    for (const id of this.byId.keys()) {
      if (this.byId.size <= MOST_LINES) break;
      this.byId.delete(id);
    }
    return true;
  }

  /** Finishes every open line: its speaker can no longer go on, as when the connection is lost. */
  close(): void {
    for (const line of this.lines) this.byId.set(line.id, { ...line, final: true });
  }
}
