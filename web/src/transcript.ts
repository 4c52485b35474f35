// The lines of the conversation.
//
// A line that is still being spoken is replaced by its next version; a finished line never changes.

/** Older lines are dropped, so that the page stays light. */
export const MAX_LINES = 200;

/** The agent, this page's participant, or another one. */
export type Speaker = "agent" | "user" | "other";

/** One turn of one side. */
export interface Line {
  readonly id: string;
  readonly speaker: Speaker;
  /** The name of another participant. */
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
   * @returns whether anything changed: a finished line stays, and an empty text makes no line.
   */
  put(line: Line): boolean {
    const before = this.byId.get(line.id);
    if (before?.final) return false;
    if (line.text.trim() === "") return line.final && this.byId.delete(line.id);
    this.byId.set(line.id, line);
    for (const id of this.byId.keys()) {
      if (this.byId.size <= MAX_LINES) break;
      this.byId.delete(id);
    }
    return true;
  }

  /** Finishes every open line, as when the connection is lost. */
  close(): void {
    for (const line of this.lines) this.byId.set(line.id, { ...line, final: true });
  }
}
