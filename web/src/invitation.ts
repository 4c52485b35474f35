// Inviting somebody: a press of the button flows in, the address of this conversation flows out, in the
// clipboard and in the address bar. From then on the page joins this conversation again, and no fresh one.

const ROOM = "room";
const SAID_FOR_MS = 4_000;
const COPIED = "Link copied";
const NOT_COPIED = "Now copy this page’s address";

/** The conversation that an address names, or undefined for one of one's own. */
export function namedIn(address: string): string | undefined {
  return new URL(address).searchParams.get(ROOM) ?? undefined;
}

/** The address that leads to a conversation, or with undefined to a fresh one. */
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

  /** Says to which conversation one would be invited now; undefined is none. */
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
      // No permission, or a page that is not served securely: the address is in its bar all the same.
      this.say(NOT_COPIED);
    }
  }

  private say(words: string): void {
    clearTimeout(this.timer);
    this.show(words, true);
    this.timer = window.setTimeout(() => this.show(this.offer, false), SAID_FOR_MS);
  }

  private show(words: string, told: boolean): void {
    this.words.textContent = words;
    this.button.classList.toggle("told", told);
  }
}
