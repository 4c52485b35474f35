// The field for typed messages, and suggestions of what to ask.

export interface ComposerParts {
  readonly form: HTMLFormElement;
  readonly field: HTMLInputElement;
  readonly button: HTMLButtonElement;
  /** Buttons whose texts are messages. */
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

  /** Enables sending. */
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
      // The text comes back to be sent again, unless the person has begun another.
      field.value ||= text;
    }
  }
}
