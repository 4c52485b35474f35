// The dialog in which face and style are chosen, and a picture becomes a face.

import type { Shown } from "./agent.ts";
import { PictureError, portraitOf } from "./picture.ts";
import type { PictureChoice } from "./picturechoice.ts";

export interface FaceDialogParts {
  readonly dialog: HTMLDialogElement;
  readonly open: HTMLButtonElement;
  readonly right: HTMLInputElement;
  readonly use: HTMLButtonElement;
  readonly words: HTMLElement;
  readonly machine: HTMLElement;
}

/** Asks the agent to go on with a face or a style; rejects with a sentence. */
export type Use = (wanted: { readonly face?: string; readonly style?: string }) => Promise<void>;

const LOOPBACK = /^(localhost|127\.|\[::1\])/;

export class FaceDialog {
  private busy = false;
  private readonly choices: readonly HTMLButtonElement[];

  constructor(
    private readonly parts: FaceDialogParts,
    private readonly choice: PictureChoice,
    private readonly use: Use,
    private readonly key: () => string,
  ) {
    const { dialog, open, right } = parts;
    if (LOOPBACK.test(location.hostname)) parts.machine.textContent = "this machine";
    this.choices = [...dialog.querySelectorAll<HTMLButtonElement>("[data-kind] button")];
    for (const button of this.choices) button.addEventListener("click", () => void this.chosen(button));
    open.addEventListener("click", () => this.open());
    right.addEventListener("change", () => this.render());
    parts.use.addEventListener("click", () => void this.usePicture());
    dialog.addEventListener("close", () => {
      right.checked = false;
      void choice.take(undefined);
    });
    this.acceptDrops();
  }

  /** Shows what the agent shows; undefined where the face cannot be chosen. */
  show(shown: Shown | undefined): void {
    this.parts.open.disabled = shown === undefined;
    if (shown === undefined) this.parts.dialog.close();
    for (const button of this.choices) {
      const kind = button.parentElement?.dataset.kind === "face" ? shown?.face : shown?.style;
      button.setAttribute("aria-pressed", String(button.dataset.value === kind));
    }
  }

  /** Enables what is possible now. */
  render(): void {
    const { use, right, words } = this.parts;
    use.disabled = this.busy || this.choice.picture === undefined || !right.checked;
    for (const button of this.choices) button.disabled = this.busy;
    if (!this.busy) words.textContent = "";
  }

  private open(): void {
    if (!this.parts.dialog.open) this.parts.dialog.showModal();
    this.render();
  }

  private async chosen(button: HTMLButtonElement): Promise<void> {
    const { value } = button.dataset;
    if (value === undefined) return;
    const face = button.parentElement?.dataset.kind === "face";
    await this.while(() => this.use(face ? { face: value } : { style: value }));
  }

  private async usePicture(): Promise<void> {
    const { picture } = this.choice;
    if (picture === undefined) return;
    this.parts.words.textContent = "Working on the picture, which takes some seconds…";
    const warnings = await this.while(async () => {
      const portrait = await portraitOf(picture, this.key());
      await this.use({ face: portrait.face });
      return portrait.warnings;
    });
    if (warnings === undefined) return;
    if (warnings.length === 0) this.parts.dialog.close();
    else this.parts.words.textContent = warnings.join(" ");
  }

  /** Does something that may fail, and says why it failed. */
  private async while<T>(act: () => Promise<T>): Promise<T | undefined> {
    this.busy = true;
    this.render();
    let failure = "";
    try {
      return await act();
    } catch (error) {
      failure = error instanceof PictureError ? error.message : `The face stays as it is: ${sentence(error)}`;
      return undefined;
    } finally {
      this.busy = false;
      this.render();
      this.parts.words.textContent = failure;
    }
  }

  private acceptDrops(): void {
    document.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      document.body.classList.remove("dropping");
      const [picture] = event.dataTransfer?.files ?? [];
      if (picture === undefined) return;
      event.preventDefault();
      if (this.parts.open.disabled) return;
      this.open();
      void this.choice.take(picture);
    });
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
