"""What a peer sends is refused clearly where it is not in the protocol, and hurts nothing else."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from livekit_plugins_avatar.remote.job import FaceJob
from livekit_plugins_avatar.remote.packing import MOST_SAMPLES
from livekit_plugins_avatar.remote.protocol import (
    AUDIO_HEADER,
    HEADER,
    MOST_BYTES,
    VERSION,
    Kind,
    Message,
    ProtocolError,
    decode,
    encode,
)
from livekit_plugins_avatar.remote.worker import WorkerOptions
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples

from .sides import AGENT, WorkerSide

STREAMS = 500


def tone(duration_s: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.full(samples(duration_s), 5_000, np.int16)


def stream(epoch: int, rate: int = SAMPLE_RATE) -> list[bytes]:
    """A whole stream: a greeting, some calls, one segment."""
    body = {"rate": rate, "paused": False, "near": False, "told": [["agent_state", ["listening"]]]}
    messages = [
        Message(Kind.HELLO, epoch, 0, body),
        Message(Kind.TELL, epoch, 1, {"name": "participant_joined", "args": ["ann"]}),
        Message(Kind.AUDIO, epoch, 2, segment=epoch, offset=0, pcm=tone(0.1)),
        Message(Kind.TIMED_TEXT, epoch, 3, {"pieces": [["hello", 0.0]]}),
        Message(Kind.AUDIO, epoch, 4, segment=epoch, offset=samples(0.1), pcm=tone(0.1)),
        Message(Kind.END, epoch, 5, {"segment": epoch}),
    ]
    return list(map(encode, messages))


def cut(sent: list[bytes], chance: random.Random) -> list[bytes]:
    at = chance.randrange(len(sent))
    sent[at] = sent[at][: chance.randrange(HEADER.size)]
    return sent


def half_a_frame(sent: list[bytes], _: random.Random) -> list[bytes]:
    sent[2] = sent[2][: -len(sent[2]) // 3]
    return sent


def garbled(sent: list[bytes], chance: random.Random) -> list[bytes]:
    audio = bytearray(sent[2])
    audio[chance.randrange(HEADER.size + AUDIO_HEADER.size, len(audio))] ^= 1 << chance.randrange(8)
    sent[2] = bytes(audio)
    return sent


def more_than_there_is(sent: list[bytes], _: random.Random) -> list[bytes]:
    at, count = HEADER.size + AUDIO_HEADER.size - 2, struct.pack("<H", MOST_SAMPLES + 1)
    sent[2] = sent[2][:at] + count + sent[2][at + 2 :]
    return sent


def reordered(sent: list[bytes], chance: random.Random) -> list[bytes]:
    at = chance.randrange(1, len(sent) - 1)
    sent[at], sent[at + 1] = sent[at + 1], sent[at]
    return sent


def lost(sent: list[bytes], chance: random.Random) -> list[bytes]:
    del sent[chance.randrange(len(sent) - 1)]
    return sent


def repeated(sent: list[bytes], chance: random.Random) -> list[bytes]:
    at = chance.randrange(1, len(sent))
    return sent[: at + 1] + sent[at:]


def huge(sent: list[bytes], chance: random.Random) -> list[bytes]:
    sent[chance.randrange(len(sent))] += bytes(MOST_BYTES)
    return sent


def wrong_version(sent: list[bytes], chance: random.Random) -> list[bytes]:
    at = chance.randrange(len(sent))
    sent[at] = bytes([VERSION + 1]) + sent[at][1:]
    return sent


def noise(sent: list[bytes], chance: random.Random) -> list[bytes]:
    sent[chance.randrange(len(sent))] = chance.randbytes(chance.randrange(300))
    return sent


def no_json(sent: list[bytes], chance: random.Random) -> list[bytes]:
    at = chance.choice([0, 1, 3, 5])
    sent[at] = sent[at][: HEADER.size] + b"[" * chance.randrange(1, 5_000)
    return sent


def a_hole(sent: list[bytes], _: random.Random) -> list[bytes]:
    header, rest = sent[4][: HEADER.size + 4], sent[4][HEADER.size + 8 :]
    sent[4] = header + struct.pack("<I", 99) + rest
    return sent


def wrong_call(sent: list[bytes], chance: random.Random) -> list[bytes]:
    name, args = chance.choice(
        [("__class__", []), ("look_at", [1]), ("agent_state", ["dead"]), ("express", ["warm", "x"])]
    )
    body = json.dumps({"name": name, "args": args}).encode()
    sent[1] = sent[1][: HEADER.size] + body
    return sent


def of_a_worker(sent: list[bytes], _: random.Random) -> list[bytes]:
    message = decode(sent[1])
    finished = {"segment": 0, "position": 0, "interrupted": False}
    sent[1] = encode(Message(Kind.FINISHED, message.epoch, 1, finished))
    return sent


FAULTS: dict[Callable[[list[bytes], random.Random], list[bytes]], str] = {
    cut: "cut",
    half_a_frame: "garbled",
    garbled: "garbled",
    more_than_there_is: "at most",
    reordered: "lost, repeated or reordered",
    lost: "lost, repeated or reordered",
    repeated: "lost, repeated or reordered",
    huge: "bytes",
    wrong_version: "version",
    noise: "",
    no_json: "JSON",
    a_hole: "goes on at sample",
    wrong_call: "",
    of_a_worker: "not an agent's",
}


@pytest.fixture
async def worker() -> AsyncIterator[WorkerSide]:
    side = WorkerSide()
    yield side
    await side.aclose()


async def test_malformed_streams(worker: WorkerSide) -> None:
    """Of 500 malformed streams each is refused with its reason, and the next whole one is heard."""
    chance = random.Random(1)
    faults = list(FAULTS)
    for number in range(STREAMS):
        fault, epoch = faults[number % len(faults)], 2 * number + 1
        for data in fault(stream(epoch), chance):
            worker.give(data)
        refusals = await worker.wire.take(Kind.REFUSED)
        assert refusals, fault.__name__
        assert FAULTS[fault] in refusals[0].body["reason"], fault.__name__
        await worker.play(0.3)
        await worker.wire.take()
        for data in stream(epoch + 1):
            worker.give(data)
        sound = await worker.play(0.3)
        assert (np.abs(sound) > 2_500).sum() >= samples(0.19), fault.__name__
        finished = await worker.wire.take(Kind.FINISHED)
        assert [each.body["position"] for each in finished] == [samples(0.2)], fault.__name__


async def test_a_wrong_rate_is_refused(worker: WorkerSide) -> None:
    """Speech at another rate is refused before any of it is played."""
    for data in stream(1, rate=24_000):
        worker.give(data)
    [refusal] = await worker.wire.take(Kind.REFUSED)
    assert "24,000 Hz" in refusal.body["reason"] and "48,000" in refusal.body["reason"]
    assert not (await worker.play(0.3)).any()


async def test_strangers_are_not_heard(
    worker: WorkerSide, caplog: pytest.LogCaptureFixture
) -> None:
    """Another participant can neither speak nor break the agent's stream; one log line names it."""
    whole, forged = stream(1), stream(5)
    for data, forgery in zip(whole, forged, strict=True):
        worker.give(forgery, sender="eve")
        worker.give(data)
        worker.give(b"\x00" * 20_000, sender="eve")
    sound = await worker.play(0.3)
    assert (np.abs(sound) > 2_500).sum() >= samples(0.19)
    assert not await worker.wire.take(Kind.REFUSED)
    assert caplog.text.count("'eve'") == 1 and repr(AGENT) in caplog.text


async def test_speech_without_end_is_refused(worker: WorkerSide) -> None:
    """A peer cannot fill the worker's memory."""
    body = {"rate": SAMPLE_RATE, "paused": True, "near": False, "told": []}
    worker.give(encode(Message(Kind.HELLO, 1, 0, body)))
    pcm = tone(0.15)
    for number in range(400):
        offset = number * len(pcm)
        message = Message(Kind.AUDIO, 1, number + 1, segment=0, offset=offset, pcm=pcm)
        worker.give(encode(message))
    [refusal] = await worker.wire.take(Kind.REFUSED)
    assert "30 s" in refusal.body["reason"]
    assert worker.playout.buffered == 0


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "nonsense",
        "[" * 10_000,
        "[]",
        "{}",
        json.dumps({"version": VERSION}),
        json.dumps({"version": VERSION, "agent": "a", "identity": ""}),
        json.dumps({"version": VERSION, "agent": "a", "identity": "b", "options": {"device": 1}}),
        json.dumps({"version": VERSION, "agent": "a", "identity": "b", "options": {}, "face": 7}),
        json.dumps({"version": 99, "agent": "a", "identity": "b", "options": {}}),
        "x" * 100_000,
    ],
)
def test_a_dispatch_that_asks_for_no_face(metadata: str) -> None:
    """Its metadata is refused with a reason."""
    with pytest.raises(ProtocolError, match=r"metadata|dispatch"):
        FaceJob.from_json(metadata)


@pytest.mark.parametrize("background", ["/etc/passwd", "wall.png", ""])
def test_a_background_that_is_a_file_is_refused(background: str) -> None:
    """A dispatch reads no file of the worker's machine."""
    with pytest.raises(ProtocolError, match="background is a colour or 'blur'"):
        WorkerOptions(name="faces").options({"background": background})


def test_a_job_survives_its_metadata() -> None:
    job = FaceJob(agent="agent", identity="avatar-1", options={"persona": "man"}, face='{"a":1}')
    assert FaceJob.from_json(job.to_json()) == job
