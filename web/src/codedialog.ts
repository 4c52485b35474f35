// The dialog with the lines that give an agent the face that is shown.

import type { Shown } from "./agent.ts";

const SHOWN_FOR_MS = 2_000;
const DEFAULT: Shown = { face: "man", style: "natural" };

/** The lines, for a face and a style. */
export function linesFor({ face, style }: Shown): string {
  const picture = face === "picture";
  const given = [
    ...(face === DEFAULT.face ? [] : [JSON.stringify(picture ? "me.onnx" : face)]),
    ...(style === DEFAULT.style ? [] : [`style=${JSON.stringify(style)}`]),
  ];
  return [
    `pip install ${picture ? "'livekit-plugins-avatar[portrait]'" : "livekit-plugins-avatar"}`,
    ...(picture ? ["livekit-avatar persona me.jpg -o me.onnx"] : []),
    "",
    "from livekit.plugins import avatar",
    "",
    `face = avatar.AvatarSession(${given.join(", ")})`,
    "await face.start(session, room=ctx.room)  # before session.start",
  ].join("\n");
}

export class CodeDialog {
  private timer: number | undefined;

  constructor(
    dialog: HTMLDialogElement,
    private readonly lines: HTMLElement,
    private readonly copy: HTMLButtonElement,
    open: HTMLButtonElement,
  ) {
    const offer = copy.textContent;
    this.show(undefined);
    open.addEventListener("click", () => dialog.showModal());
    copy.addEventListener("click", async () => {
      const copied = await navigator.clipboard.writeText(lines.textContent ?? "").then(() => true, () => false);
      copy.textContent = copied ? "Copied" : "Select and copy the lines";
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => (this.copy.textContent = offer), SHOWN_FOR_MS);
    });
  }

  /** Writes the lines for what the agent shows. */
  show(shown: Shown | undefined): void {
    const lines = linesFor(shown ?? DEFAULT);
    if (this.lines.textContent !== lines) this.lines.textContent = lines;
  }
}
