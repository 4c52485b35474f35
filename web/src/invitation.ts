// The button that copies the address of this conversation.
//
// After a press the page's own address names the conversation too, and the page rejoins it.

const ROOM = "room";
const SHOWN_FOR_MS = 4_000;
const COPIED = "Link copied";
const NOT_COPIED = "Copy this page’s address";

/** The conversation that an address names, if any. */
export function namedIn(address: string): string | undefined {
  return new URL(address).searchParams.get(ROOM) ?? undefined;
}

/** The address of a conversation, or with undefined of a new one. */
export function addressOf(room: string | undefined, page: string): string {
  const address = new URL(page);
  address.search = "";
  address.hash = "";
  if (room !== undefined) address.searchParams.set(ROOM, room);
  return address.href;
}

export class Invitation {
  private room: string | undefined;
  private timer: number | undefined;
  private readonly offer: string;

  constructor(
    private readonly button: HTMLButtonElement,
    private readonly words: HTMLElement,
  ) {
    this.offer = words.textContent ?? "";
    button.addEventListener("click", () => void this.copy());
    this.allow(undefined);
  }

  /** Sets the conversation to invite to; undefined disables the button. */
  allow(room: string | undefined): void {
    this.room = room;
    this.button.disabled = room === undefined;
  }

  private async copy(): Promise<void> {
    if (this.room === undefined) return;
    const address = addressOf(this.room, location.href);
    history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address);
      this.say(COPIED);
    } catch {
      // No permission, or no secure context: the address bar has the address.
      this.say(NOT_COPIED);
    }
  }

  private say(words: string): void {
    clearTimeout(this.timer);
    this.show(words, true);
    this.timer = window.setTimeout(() => this.show(this.offer, false), SHOWN_FOR_MS);
  }

  private show(words: string, copied: boolean): void {
    this.words.textContent = words;
    this.button.classList.toggle("notice", copied);
  }
}
