// The page of a viewer: joins a room and records when each frame is on the screen and when each block
// of sound reaches its track. The tools eval and watch open it and evaluate the records.
//
// Address: viewer.html?url=ws://...&token=..., and
//   publisher=IDENTITY  watches that participant only
//   film=ws://...       sends rows, sound and frames there and keeps none, once `watchOnly` has named
//                       the participant; of others it keeps the loudness alone
// Result: window.viewer, a Viewer. All times are milliseconds of performance.now().

import {
  ParticipantKind,
  Room,
  RoomEvent,
  Track,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
} from "livekit-client";

import { Film } from "./film.ts";
import { COUNTED, readStats, type CountsRow, type StatsRow } from "./receiverstats.ts";
import { readBlocks, type BlockRow } from "./soundblocks.ts";

/**
 * When a frame is shown, its brightness 0..255 (-1: not read), how many were shown so far, its RTP
 * timestamp (-1: unknown), and which track it is of.
 */
type FrameRow = [shownMs: number, luma: number, presented: number, rtp: number, stream: number];

/** A block of another participant. */
type OtherRow = [arrivedMs: number, stampMs: number, frames: number, rate: number, track: number, rms: number];

type EventRow = [atMs: number, what: string];

/** What is recorded; `Film` empties the lists when it has sent them. */
export class Rows {
  readonly frames: FrameRow[] = [];
  readonly blocks: BlockRow[] = [];
  readonly others: OtherRow[] = [];
  readonly events: EventRow[] = [];
  readonly sound_stats: StatsRow[] = [];
  readonly picture_stats: StatsRow[] = [];
  readonly picture_counts: CountsRow[] = [];
  readonly sound_counts: CountsRow[] = [];
  readonly latency: number[] = [];
  [name: string]: unknown[];
}

// Half the beep's level is 0.2 and the marker tone's peak 0.03: between the two.
const LOUD = 0.1;
// Where the clapper flashes, in sixteenths of the picture.
const FLASH = [10, 8] as const;
const STATS_EVERY_MS = 250;
const LATENCY_EVERY_MS = 500;

class Viewer {
  readonly rows = new Rows();
  readonly counted = COUNTED;
  readonly errors: string[] = [];
  /** Where the zero of all times lies, in milliseconds since 1970. */
  readonly originMs = performance.timeOrigin;
  /** Frames and blocks that have come, whether or not they are still in `rows`. */
  framesSeen = 0;
  blocksHeard = 0;

  private readonly timers = new Map<RemoteTrack, number>();
  private readonly film: Film | null;
  private publisher: string | null;
  private readonly received = new Set<Track.Kind>();
  private tracksHeard = 0;
  private stream = -1;
  private watching = false;

  private readonly video = document.querySelector("video")!;
  private readonly audio = document.querySelector("audio")!;
  private readonly room: Room;
  private readonly context = new AudioContext({ latencyHint: "interactive" });

  constructor(private readonly address: URLSearchParams) {
    const film = address.get("film");
    this.publisher = address.get("publisher");
    this.film = film === null ? null : new Film(film, this.rows);
    // Chromium passes no frames to transforms in a connection that could also send.
    const singlePeerConnection = this.film === null;
    this.room = new Room({ adaptiveStream: false, dynacast: false, singlePeerConnection });
  }

  async join(): Promise<void> {
    const room = this.room;
    room.on(RoomEvent.TrackSubscribed, (track, _publication, from) => this.receive(track, from));
    room.on(RoomEvent.TrackUnsubscribed, (track, _publication, from) => this.leave(track, from));
    room.on(RoomEvent.TrackPublished, (publication, from) => this.subscribe(publication, from));
    room.on(RoomEvent.TrackMuted, (publication, from) =>
      this.note(from.identity, `${publication.kind} muted`),
    );
    room.on(RoomEvent.TrackUnmuted, (publication, from) =>
      this.note(from.identity, `${publication.kind} unmuted`),
    );
    room.on(RoomEvent.ParticipantConnected, ({ identity }) => this.note(identity, "joined"));
    room.on(RoomEvent.ParticipantDisconnected, ({ identity }) => this.note(identity, "left"));
    for (const event of [RoomEvent.Reconnecting, RoomEvent.Reconnected, RoomEvent.Disconnected]) {
      room.on(event, () => this.rows.events.push([performance.now(), event]));
    }
    await room.connect(this.address.get("url") ?? "", this.address.get("token") ?? "", {
      autoSubscribe: this.film === null,
    });
    await room.startAudio();
    await this.context.resume();
    for (const participant of room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        this.subscribe(publication, participant);
      }
    }
    setInterval(
      () => this.rows.latency.push(this.context.outputLatency * 1e3),
      LATENCY_EVERY_MS,
    );
  }

  /** The progress in words, for the message of a timeout. */
  state(): string {
    const counts = `${this.framesSeen} frames, ${this.blocksHeard} blocks of sound`;
    return `${this.room.state}, ${counts}, errors: ${this.errors.join("; ") || "none"}`;
  }

  /** Who is in the room, and what they publish. */
  participants(): { identity: string; agent: boolean; publishes: string[] }[] {
    return [...this.room.remoteParticipants.values()].map((each) => ({
      identity: each.identity,
      agent:
        each.kind === ParticipantKind.AGENT || "lk.publish_on_behalf" in each.attributes,
      publishes: [...each.trackPublications.values()].map(({ kind }) => kind),
    }));
  }

  /** From now on watch this participant, and of all others keep the loudness alone. */
  watchOnly(identity: string): void {
    this.publisher = identity;
    for (const participant of this.room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        if (publication.track) this.receive(publication.track, participant);
        this.subscribe(publication, participant);
      }
    }
  }

  /** Send what has come so far to the film. */
  flush(): void {
    this.film?.flush();
  }

  private subscribe(publication: RemoteTrackPublication, from: RemoteParticipant): void {
    if (this.film === null) return;
    const watched = from.identity === this.publisher;
    const screen = publication.source === Track.Source.ScreenShare;
    // Some avatars publish no video before their sound has a subscriber.
    publication.setSubscribed(watched ? !screen : publication.kind === Track.Kind.Audio);
  }

  private note(identity: string | null, what: string): void {
    const name = identity === this.publisher ? "" : `${identity} `;
    this.rows.events.push([performance.now(), `${name}${what}`]);
  }

  private receive(track: RemoteTrack, from: RemoteParticipant): void {
    // A film begins when it is known whom to watch.
    if (this.film !== null && this.publisher === null) return;
    if (this.publisher === null || from.identity === this.publisher) this.watch(track);
    else if (this.film !== null && track.kind === Track.Kind.Audio) this.listen(track);
  }

  private watch(track: RemoteTrack): void {
    const { rows } = this;
    const video = track.kind === Track.Kind.Video;
    if (this.received.has(track.kind)) this.note(this.publisher, `${track.kind} published again`);
    this.received.add(track.kind);
    if (video) this.stream = this.film?.streamOf(track.mediaStreamTrack) ?? 0;
    track.attach(video ? this.video : this.audio);
    if (!video) {
      this.watchBlocks(track).catch((error) => this.errors.push(String(error)));
    } else if (!this.watching) {
      this.watching = true;
      this.watchFrames();
    }
    const read = video
      ? () => readStats(track, rows.picture_stats, rows.picture_counts, COUNTED.picture)
      : () => readStats(track, rows.sound_stats, rows.sound_counts, COUNTED.sound);
    this.timers.set(track, window.setInterval(() => void read(), STATS_EVERY_MS));
  }

  private leave(track: RemoteTrack, from: RemoteParticipant): void {
    window.clearInterval(this.timers.get(track));
    this.timers.delete(track);
    track.detach();
    this.note(from.identity, `${track.kind} unsubscribed`);
  }

  private watchFrames(): void {
    const luma = this.film !== null ? () => -1 : this.lumaReader();
    const onFrame = (_now: number, frame: VideoFrameCallbackMetadata): void => {
      this.video.requestVideoFrameCallback(onFrame);
      this.framesSeen += 1;
      const { expectedDisplayTime, presentedFrames, rtpTimestamp } = frame;
      const rtp = rtpTimestamp ?? -1;
      this.rows.frames.push([expectedDisplayTime, luma(), presentedFrames, rtp, this.stream]);
    };
    this.video.requestVideoFrameCallback(onFrame);
  }

  /** Reads the brightness where the clapper flashes. */
  private lumaReader(): () => number {
    const canvas = new OffscreenCanvas(16, 16);
    const pixels = canvas.getContext("2d", { willReadFrequently: true })!;
    return () => {
      pixels.drawImage(this.video, 0, 0, 16, 16);
      return pixels.getImageData(...FLASH, 1, 1).data[0] ?? 0;
    };
  }

  private watchBlocks(track: RemoteTrack): Promise<void> {
    const number = this.tracksHeard++;
    return readBlocks(track.mediaStreamTrack, number, LOUD, (row, samples) => {
      this.blocksHeard += 1;
      this.rows.blocks.push(row);
      this.film?.sound(samples, number);
    });
  }

  /** Of another participant: the track plays, unheard, so that its blocks come. */
  private listen(track: RemoteTrack): void {
    const element = track.attach();
    element.volume = 0;
    const number = this.tracksHeard++;
    readBlocks(track.mediaStreamTrack, number, LOUD, (row) => {
      const [arrivedMs, stampMs, frames, , , rate, , rms] = row;
      this.rows.others.push([arrivedMs, stampMs, frames, rate, number, rms]);
    }).catch((error) => this.errors.push(String(error)));
  }
}

declare global {
  interface Window {
    viewer: Viewer;
  }
}

window.viewer = new Viewer(new URLSearchParams(location.search));
window.viewer
  .join()
  .then(() => document.body.classList.add("joined"))
  .catch((error) => window.viewer.errors.push(String(error)));
