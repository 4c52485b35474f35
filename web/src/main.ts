// The page: a call flows in, a conversation flows out. Here the parts meet; each does its work elsewhere.

import {
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
  RoomEvent,
  Track,
} from "livekit-client";
import { type AgentState, agentState, canHear, isAgent, STATE_WORDS } from "./agent.ts";
import { Call } from "./call.ts";
import { Captions } from "./captions.ts";
import { companyInWords, people } from "./company.ts";
import { Composer } from "./composer.ts";
import { Face } from "./face.ts";
import { CHAT_TOPIC, hear } from "./hearing.ts";
import { addressOf, Invitation, namedIn } from "./invitation.ts";
import type { Measurements } from "./measurements.ts";
import { Microphone } from "./microphone.ts";
import { MIND_TOPIC, type Mind, readMind } from "./mind.ts";
import { MindPanel } from "./mindpanel.ts";
import { type Link, noticeFor, PATIENCE_S } from "./notice.ts";
import { Panel } from "./panel.ts";
import { type Line, Transcript } from "./transcript.ts";
import { Voice } from "./voice.ts";

declare global {
  interface Window {
    /** A handle for end-to-end tests: what the page knows, to read; `rejoin` to act. */
    readonly avatarDemo: {
      readonly room: Room | undefined;
      readonly link: Link;
      readonly agentState: AgentState;
      readonly faceShown: boolean;
      readonly transcript: readonly Line[];
      readonly measurements: Measurements | undefined;
      readonly mind: Mind | undefined;
      rejoin(): Promise<void>;
    };
  }
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return found;
}

const notice = element("notice", HTMLElement);
const noticeText = element("notice-text", HTMLElement);
const countdown = element("countdown", HTMLElement);
const rejoin = element("rejoin", HTMLButtonElement);
const suggestions = element("suggestions", HTMLElement);
const stateWords = element("state-words", HTMLElement);

let link: Link = { phase: "joining", again: false };
let state: AgentState = "absent";
let agentSeen = false;
let overdue = false;
let patience: number | undefined;

const transcript = new Transcript();
const captions = new Captions(
  element("captions", HTMLElement),
  element("lines", HTMLOListElement),
  element("announcer", HTMLElement),
);
const companyWords = element("company", HTMLElement);
const panel = new Panel(element("panel", HTMLElement));
const mindPanel = new MindPanel(element("mind", HTMLDetailsElement), () => ({
  me: call.room?.localParticipant.identity ?? "",
  others: company(),
}));
const invitation = new Invitation(
  element("invite", HTMLButtonElement),
  element("invite-words", HTMLElement),
);
const voice = new Voice(element("start", HTMLButtonElement));
const face = new Face(
  element("face", HTMLVideoElement),
  element("still", HTMLCanvasElement),
  () => waitAnew(),
);
const microphone = new Microphone(
  element("mic", HTMLButtonElement),
  element("mic-trouble", HTMLElement),
);
const composer = new Composer(
  {
    form: element("composer", HTMLFormElement),
    field: element("message", HTMLInputElement),
    button: element("send", HTMLButtonElement),
    suggestions,
  },
  sendMessage,
);
const call = new Call({ opened, linked }, () => namedIn(location.href));

function opened(room: Room): void {
  agentSeen = false;
  panel.reset();
  mindPanel.reset();
  voice.follow(room);
  microphone.follow(room);
  hear(room, (line) => write(line));
  const look = () => {
    if (room === call.room) lookAtAgent(room);
  };
  room
    .on(RoomEvent.Connected, look)
    .on(RoomEvent.ParticipantConnected, look)
    .on(RoomEvent.ParticipantDisconnected, look)
    .on(RoomEvent.ParticipantAttributesChanged, look)
    .on(RoomEvent.Reconnected, look)
    .on(RoomEvent.ParticipantNameChanged, look)
    .on(RoomEvent.DataReceived, (payload, from, _kind, topic) => {
      if (room !== call.room || topic !== MIND_TOPIC || from === undefined || !isAgent(from)) return;
      const mind = readMind(payload);
      if (mind === undefined) return;
      const heardBefore = mindPanel.latest?.hears;
      mindPanel.show(mind);
      if (mind.hears !== heardBefore) render();
    })
    .on(RoomEvent.TrackSubscribed, receive)
    .on(RoomEvent.TrackUnsubscribed, release);
}

function linked(next: Link): void {
  link = next;
  if (next.phase === "lost" || next.phase === "joining") {
    state = "absent";
    face.hide();
    transcript.close();
    captions.show(transcript.lines);
  }
  waitAnew();
}

function lookAtAgent(room: Room): void {
  const before = state;
  state = agentState(room.remoteParticipants.values());
  agentSeen ||= state !== "absent";
  if ((before === "absent") === (state === "absent")) render();
  else waitAnew();
}

/** Who else is in the conversation. */
function company() {
  return people(call.room?.remoteParticipants.values() ?? []);
}

function receive(track: RemoteTrack, _: RemoteTrackPublication, from: RemoteParticipant): void {
  if (track.kind === Track.Kind.Audio) {
    voice.play(track);
    if (isAgent(from)) panel.sound = track;
  } else if (isAgent(from)) {
    panel.picture = track;
    void face.show(track);
  }
  panel.reset();
}

function release(track: RemoteTrack): void {
  voice.stop(track);
  face.hide(track);
  if (panel.sound === track) panel.sound = undefined;
  if (panel.picture === track) panel.picture = undefined;
}

function write(line: Line): void {
  if (!transcript.put(line)) return;
  captions.show(transcript.lines);
  // They are for a first word, which has been found.
  if (line.speaker === "user") suggestions.hidden = true;
}

async function sendMessage(text: string): Promise<void> {
  if (call.room === undefined) throw new Error("not in a room");
  const { id } = await call.room.localParticipant.sendText(text, { topic: CHAT_TOPIC });
  write({ id, speaker: "user", text, final: true });
}

/** Starts the patience again: what is waited for has changed. */
function waitAnew(): void {
  clearTimeout(patience);
  overdue = false;
  patience = window.setTimeout(() => {
    overdue = true;
    render();
  }, PATIENCE_S * 1_000);
  render();
}

function render(): void {
  document.body.dataset.state = state;
  document.body.dataset.link = link.phase;
  composer.allow(link.phase === "joined" && canHear(state));
  invitation.allow(link.phase === "joined" ? call.room?.name : undefined);
  const words = companyInWords(company(), call.room?.localParticipant.identity, mindPanel.latest?.hears);
  if (companyWords.textContent !== words) companyWords.textContent = words;
  const now = noticeFor({
    link,
    agentHere: state !== "absent",
    agentSeen,
    faceShown: face.shown,
    overdue,
  });
  const quiet = now === undefined || now.tone === "quiet";
  stateWords.textContent = link.phase !== "joined" && !quiet ? "Not connected" : STATE_WORDS[state];
  if (now !== undefined && quiet) stateWords.textContent = now.text;
  notice.classList.toggle("unseen", quiet);
  if (noticeText.textContent !== (now?.text ?? "")) noticeText.textContent = now?.text ?? "";
  countdown.textContent = now?.countdown ?? "";
  rejoin.hidden = now?.rejoin === undefined;
  rejoin.textContent = now?.rejoin ?? "Rejoin";
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

rejoin.addEventListener("click", () => {
  if (link.phase === "lost" && link.fresh) {
    history.replaceState(null, "", addressOf(undefined, location.href));
  }
  void call.join();
});
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.repeat || isTyping(event.target)) return;
  void microphone.toggle();
});

Object.defineProperty(window, "avatarDemo", {
  value: {
    get room() {
      return call.room;
    },
    get link() {
      return link;
    },
    get agentState() {
      return state;
    },
    get faceShown() {
      return face.shown;
    },
    get transcript() {
      return transcript.lines;
    },
    get measurements() {
      return panel.latest;
    },
    get mind() {
      return mindPanel.latest;
    },
    rejoin: () => call.join(),
  } satisfies Window["avatarDemo"],
});

void call.join();
