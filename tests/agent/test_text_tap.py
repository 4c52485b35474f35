"""The tap copies the agent's text, and the text goes where it went before."""

from __future__ import annotations

import pytest
from livekit.agents.voice.io import AgentOutput, TextOutput

from livekit_plugins_avatar.agent.text_tap import TextTap


class Transcript(TextOutput):
    """What a viewer reads."""

    def __init__(self) -> None:
        super().__init__(label="transcript", next_in_chain=None)
        self.texts: list[str] = []
        self.attached = 0

    async def capture_text(self, text: str) -> None:
        self.texts.append(text)

    def flush(self) -> None:
        self.texts.append("END")

    def on_attached(self) -> None:
        self.attached += 1

    def on_detached(self) -> None:
        self.attached -= 1


class Listener:
    """Notes the text, or fails on it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.texts: list[str] = []
        self._fails = fails

    def push_text(self, text: str) -> None:
        if self._fails:
            raise ValueError("unreadable")
        self.texts.append(text)

    def end_text(self) -> None:
        self.texts.append("END")


@pytest.fixture
def transcript() -> Transcript:
    return Transcript()


@pytest.fixture
def output(transcript: Transcript) -> AgentOutput:
    output = empty_output()
    output.transcription = transcript
    return output


def empty_output() -> AgentOutput:
    return AgentOutput(
        video_changed=lambda: None, audio_changed=lambda: None, transcription_changed=lambda: None
    )


def transcription_of(output: AgentOutput) -> TextOutput:
    """The present output, which type checkers would otherwise take for the one before."""
    assert output.transcription is not None
    return output.transcription


async def say(output: AgentOutput, *texts: str) -> None:
    for text in texts:
        await transcription_of(output).capture_text(text)
    transcription_of(output).flush()


async def test_the_text_is_copied_and_goes_on_unchanged(
    transcript: Transcript, output: AgentOutput
) -> None:
    first, second, beginnings = Listener(), Listener(), []
    TextTap([first, second], on_first=lambda: beginnings.append(len(first.texts))).attach(output)
    await say(output, "<emotion/> Hel", "lo")
    await say(output, "Bye")
    expected = ["<emotion/> Hel", "lo", "END", "Bye", "END"]
    assert first.texts == second.texts == transcript.texts == expected
    assert beginnings == [0, 3], "the first piece of a text is told before it is passed on"


async def test_it_steps_in_once_and_out_again(transcript: Transcript, output: AgentOutput) -> None:
    """The transcript stays attached all the time."""
    listener = Listener()
    tap = TextTap([listener], on_first=lambda: None)
    tap.attach(output)
    tap.attach(output)
    await say(output, "once")
    assert listener.texts == ["once", "END"] and transcript.attached == 1
    tap.detach()
    tap.detach()
    assert transcription_of(output) is transcript and transcript.attached == 1


def test_it_waits_for_an_output(transcript: Transcript) -> None:
    output = empty_output()
    tap = TextTap([], on_first=lambda: None)
    tap.attach(output)
    assert output.transcription is None
    output.transcription = transcript
    tap.attach(output)
    assert transcription_of(output) is not transcript


def test_it_leaves_an_output_alone_that_took_its_place(output: AgentOutput) -> None:
    tap = TextTap([], on_first=lambda: None)
    tap.attach(output)
    other = Transcript()
    output.transcription = other
    tap.detach()
    assert transcription_of(output) is other


async def test_a_listener_that_fails_costs_nothing_else(
    transcript: Transcript, output: AgentOutput, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    TextTap([Listener(fails=True), listener], on_first=lambda: None).attach(output)
    await say(output, "words")
    assert listener.texts == transcript.texts == ["words", "END"]
    assert "text tap: a listener failed" in caplog.text
