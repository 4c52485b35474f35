// The page: connects the parts.

import {
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
  RoomEvent,
  Track,
} from "livekit-client";
import { type AgentState, agentState, canHear, isAgent, type Shown, shownBy, STATE_WORDS } from "./agent.ts";
import { Call } from "./call.ts";
import { Captions } from "./captions.ts";
import { othersInWords, people } from "./participants.ts";
import { CodeDialog } from "./codedialog.ts";
import { Composer } from "./composer.ts";
import { Face } from "./face.ts";
import { FaceDialog } from "./facedialog.ts";
import { PictureChoice } from "./picturechoice.ts";
import { CHAT_TOPIC, readTranscription } from "./transcription.ts";
import { addressOf, Invitation, namedIn } from "./invitation.ts";
import type { Measurements } from "./measurements.ts";
import { Microphone } from "./microphone.ts";
import { STATUS_TOPIC, type AvatarStatus, readStatus } from "./status.ts";
import { StatusPanel } from "./statuspanel.ts";
import { type Link, noticeFor, PATIENCE_S } from "./notice.ts";
import { TimingPanel } from "./timingpanel.ts";
import { type Line, Transcript } from "./transcript.ts";
import "./uuid.ts";
import { Playback } from "./playback.ts";

declare global {
  interface Window {
    /** For end-to-end tests. */
    readonly avatarDemo: {
      readonly room: Room | undefined;
      readonly link: Link;
      readonly agentState: AgentState;
      readonly faceShown: boolean;
      readonly shown: Shown | undefined;
      readonly transcript: readonly Line[];
      readonly measurements: Measurements | undefined;
      readonly status: AvatarStatus | undefined;
      rejoin(): Promise<void>;
    };
  }
}

const USE_METHOD = "avatar.use";
/** Opening a face takes half a second on an idle machine. */
const USE_WITHIN_MS = 30_000;

/** Where both panels have room beside the face, as in the style sheet, they are open from the start. */
const ROOMY = "(min-width: 1180px) and (min-height: 560px)";

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
const othersWords = element("others", HTMLElement);
const timingPanel = new TimingPanel(element("timing", HTMLElement));
const statusPanel = new StatusPanel(element("status", HTMLDetailsElement), () => ({
  me: call.room?.localParticipant.identity ?? "",
  others: others(),
}));
const invitation = new Invitation(
  element("invite", HTMLButtonElement),
  element("invite-words", HTMLElement),
);
const playback = new Playback(element("start", HTMLButtonElement));
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
const picture = new PictureChoice(
  {
    words: element("drop-words", HTMLElement),
    preview: element("picture", HTMLCanvasElement),
    camera: element("camera", HTMLVideoElement),
    file: element("picture-file", HTMLInputElement),
    choose: element("choose", HTMLButtonElement),
    useCamera: element("use-camera", HTMLButtonElement),
    shoot: element("shoot", HTMLButtonElement),
  },
  () => faceDialog.render(),
);
const faceDialog = new FaceDialog(
  {
    dialog: element("faces", HTMLDialogElement),
    open: element("open-faces", HTMLButtonElement),
    right: element("right", HTMLInputElement),
    use: element("use-picture", HTMLButtonElement),
    words: element("picture-words", HTMLElement),
    machine: element("machine", HTMLElement),
  },
  picture,
  use,
  () => call.key,
);
const codeDialog = new CodeDialog(
  element("code", HTMLDialogElement),
  element("code-lines", HTMLElement),
  element("copy-code", HTMLButtonElement),
  element("open-code", HTMLButtonElement),
);
const call = new Call({ opened, linked }, () => namedIn(location.href));

function opened(room: Room): void {
  agentSeen = false;
  timingPanel.reset();
  statusPanel.reset();
  playback.follow(room);
  microphone.follow(room);
  readTranscription(room, write);
  const update = () => {
    if (room === call.room) updateAgent(room);
  };
  room
    .on(RoomEvent.Connected, update)
    .on(RoomEvent.ParticipantConnected, update)
    .on(RoomEvent.ParticipantDisconnected, update)
    .on(RoomEvent.ParticipantAttributesChanged, update)
    .on(RoomEvent.Reconnected, update)
    .on(RoomEvent.ParticipantNameChanged, update)
    .on(RoomEvent.DataReceived, (payload, from, _kind, topic) => {
      if (room !== call.room || topic !== STATUS_TOPIC || from === undefined || !isAgent(from)) return;
      const status = readStatus(payload);
      if (status === undefined) return;
      const heardBefore = statusPanel.latest?.hears;
      statusPanel.show(status);
      if (status.hears !== heardBefore) render();
    })
    .on(RoomEvent.TrackSubscribed, receive)
    .on(RoomEvent.TrackUnsubscribed, release);
}

function linked(next: Link): void {
  link = next;
  if (next.phase === "lost" || next.phase === "joining") {
    state = "absent";
    faceDialog.show(undefined);
    face.hide();
    transcript.close();
    captions.show(transcript.lines);
  }
  waitAnew();
}

function updateAgent(room: Room): void {
  const before = state;
  state = agentState(room.remoteParticipants.values());
  showChoice();
  agentSeen ||= state !== "absent";
  if ((before === "absent") === (state === "absent")) render();
  else waitAnew();
}

function showChoice(): void {
  const shown = chooser()?.shown;
  faceDialog.show(shown);
  codeDialog.show(shown);
}

/** The other people in the room. */
function others() {
  return people(call.room?.remoteParticipants.values() ?? []);
}

/** The agent whose face can be chosen, and what it shows. */
function chooser(): { readonly identity: string; readonly shown: Shown } | undefined {
  for (const agent of call.room?.remoteParticipants.values() ?? []) {
    const shown = isAgent(agent) ? shownBy(agent) : undefined;
    if (shown !== undefined) return { identity: agent.identity, shown };
  }
  return undefined;
}

/** Asks the agent to go on with a face or a style. */
async function use(wanted: object): Promise<void> {
  const agent = chooser();
  if (call.room === undefined || agent === undefined) throw new Error("the agent is not here.");
  await call.room.localParticipant.performRpc({
    destinationIdentity: agent.identity,
    method: USE_METHOD,
    payload: JSON.stringify(wanted),
    responseTimeout: USE_WITHIN_MS,
  });
}

function receive(track: RemoteTrack, _: RemoteTrackPublication, from: RemoteParticipant): void {
  if (track.kind === Track.Kind.Audio) {
    playback.play(track);
    if (isAgent(from)) timingPanel.sound = track;
  } else if (isAgent(from)) {
    timingPanel.picture = track;
    void face.show(track);
  }
  timingPanel.reset();
}

function release(track: RemoteTrack): void {
  playback.stop(track);
  face.hide(track);
  if (timingPanel.sound === track) timingPanel.sound = undefined;
  if (timingPanel.picture === track) timingPanel.picture = undefined;
}

function write(line: Line): void {
  if (!transcript.put(line)) return;
  captions.show(transcript.lines);
  // They help with the first message only.
  if (line.speaker === "user") suggestions.hidden = true;
}

async function sendMessage(text: string): Promise<void> {
  if (call.room === undefined) throw new Error("not in a room");
  const { id } = await call.room.localParticipant.sendText(text, { topic: CHAT_TOPIC });
  write({ id, speaker: "user", text, final: true });
}

/** Waits anew: what is waited for has changed. */
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
  const words = othersInWords(others(), call.room?.localParticipant.identity, statusPanel.latest?.hears);
  if (othersWords.textContent !== words) othersWords.textContent = words;
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
if (matchMedia(ROOMY).matches) {
  for (const panel of document.querySelectorAll<HTMLDetailsElement>(".panel")) {
    panel.removeAttribute("name");
    panel.open = true;
  }
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", ({ target, clientX: x, clientY: y }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const beside = target === dialog && (x < left || x > right || y < top || y > bottom);
    if (beside || (target instanceof Element && target.closest(".close"))) dialog.close();
  });
}
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
    get shown() {
      return chooser()?.shown;
    },
    get transcript() {
      return transcript.lines;
    },
    get measurements() {
      return timingPanel.latest;
    },
    get status() {
      return statusPanel.latest;
    },
    rejoin: () => call.join(),
  } satisfies Window["avatarDemo"],
});

void call.join();
