// Typed messages: what a person writes flows in, a text on the chat topic flows out. What could not be
// sent is given back.

export interface ComposerParts {
  readonly form: HTMLFormElement;
  readonly field: HTMLInputElement;
  readonly button: HTMLButtonElement;
  /** Buttons whose words are ready-made messages. */
  readonly suggestions: HTMLElement;
}

export class Composer {
  constructor(
    private readonly parts: ComposerParts,
    private readonly send: (text: string) => Promise<void>,
  ) {
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    parts.suggestions.addEventListener("click", (event) => {
      const words = event.target instanceof HTMLButtonElement ? event.target.textContent : null;
      if (words) this.send(words).catch(() => (parts.field.value ||= words));
    });
    this.allow(false);
  }

  /** Says whether anybody would hear a message now. */
  allow(possible: boolean): void {
    this.parts.button.disabled = !possible;
    for (const button of this.parts.suggestions.querySelectorAll("button")) button.disabled = !possible;
  }

  private async submit(): Promise<void> {
    const { field } = this.parts;
    const text = field.value.trim();
    if (text === "") return;
    field.value = "";
    try {
      await this.send(text);
    } catch {
      // Unless something new was begun meanwhile, the words are there to be sent again.
      field.value ||= text;
    }
  }
}
