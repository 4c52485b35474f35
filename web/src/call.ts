// Keeps one call alive: joins a room, and joins again what is lost.
//
// LiveKit's client mends short losses by itself. What it gives up is joined anew here, in a new room or in
// the conversation that the page's address names.

import {
  ConnectionError,
  DefaultReconnectPolicy,
  DisconnectReason,
  Room,
  RoomEvent,
} from "livekit-client";
import { fetchConnection, JoinError } from "./connection.ts";
import type { Link } from "./notice.ts";

/** Some ten seconds; after that a new room is the quicker way back. */
const MEND_DELAYS_MS = [0, 300, 1_200, 2_700, 4_800];
const REJOIN_DELAYS_S = [2, 4, 8] as const;

/** Ends that a person or the server decided on: the page does not join again unasked. */
const DECIDED: ReadonlyMap<DisconnectReason, string> = new Map([
  [DisconnectReason.CLIENT_INITIATED, "You have left the room."],
  [DisconnectReason.DUPLICATE_IDENTITY, "This conversation was taken over by another window."],
  [DisconnectReason.PARTICIPANT_REMOVED, "You were removed from the room."],
  [DisconnectReason.ROOM_CLOSED, "The room was closed."],
]);

export interface CallEvents {
  /** A new room, not yet connected; listen to its events now. */
  opened(room: Room): void;
  linked(link: Link): void;
}

export class Call {
  room: Room | undefined;
  /** Admits this page to the server's other requests. */
  key = "";
  private failures = 0;
  private timer: number | undefined;
  /** Counts the joins, so that an older one that finishes late is dropped. */
  private turn = 0;

  /** @param wanted names the conversation to join, or undefined for a new one; called at each join. */
  constructor(
    private readonly events: CallEvents,
    private readonly wanted: () => string | undefined,
  ) {}

  /** Leaves the room, if any, and joins one; tries again as long as that may succeed. */
  async join(): Promise<void> {
    const turn = ++this.turn;
    clearTimeout(this.timer);
    this.events.linked({ phase: "joining", again: this.room !== undefined || this.failures > 0 });
    const before = this.room;
    this.room = undefined;
    await before?.disconnect();
    try {
      const { url, token, key } = await fetchConnection(this.wanted());
      if (turn !== this.turn) return;
      this.key = key;
      const room = this.open();
      await room.connect(url, token);
      if (turn !== this.turn) return;
      this.failures = 0;
      this.events.linked({ phase: "joined" });
    } catch (error) {
      if (turn === this.turn) this.failed(error);
    }
  }

  private open(): Room {
    const room = new Room({ reconnectPolicy: new DefaultReconnectPolicy(MEND_DELAYS_MS) });
    const whileOurs = (act: () => void) => () => {
      if (room === this.room) act();
    };
    const mending = whileOurs(() => this.events.linked({ phase: "reconnecting" }));
    room
      .on(RoomEvent.SignalReconnecting, mending)
      .on(RoomEvent.Reconnecting, mending)
      .on(RoomEvent.Reconnected, whileOurs(() => this.events.linked({ phase: "joined" })))
      .on(RoomEvent.Disconnected, (reason) => {
        if (room === this.room) this.ended(reason);
      });
    this.room = room;
    this.events.opened(room);
    return room;
  }

  private failed(error: unknown): void {
    const why = sentence(error);
    if (error instanceof JoinError && error.lasting) this.events.linked({ phase: "lost", why, fresh: true });
    else this.tryLater(why);
  }

  private ended(reason: DisconnectReason | undefined): void {
    const decided = reason === undefined ? undefined : DECIDED.get(reason);
    // The agent deletes a room that all visitors have left; a visitor who comes back at that moment joins anew.
    const lost = reason === DisconnectReason.ROOM_DELETED ? "The room was closed." : "The connection was lost.";
    if (decided === undefined) this.tryLater(lost);
    else this.events.linked({ phase: "lost", why: decided });
  }

  private tryLater(why: string): void {
    const last = REJOIN_DELAYS_S.length - 1;
    let leftS = REJOIN_DELAYS_S[Math.min(this.failures, last)] ?? 0;
    this.failures += 1;
    clearTimeout(this.timer);
    const tick = (): void => {
      if (leftS === 0) return void this.join();
      this.events.linked({ phase: "lost", why, retryInS: leftS });
      leftS -= 1;
      this.timer = window.setTimeout(tick, 1_000);
    };
    tick();
  }
}

function sentence(error: unknown): string {
  if (error instanceof JoinError) return error.message;
  if (error instanceof ConnectionError) {
    return `The LiveKit server could not be joined (${error.reasonName}). Is it running?`;
  }
  return `The room could not be joined: ${error instanceof Error ? error.message : String(error)}.`;
}
