"""The avatar reads along with what is said, and the text goes where it went before."""

from __future__ import annotations

import pytest
from livekit.agents.voice.io import AgentOutput, TextOutput

from livekit_plugins_avatar.agent.text_tap import TextTap


class Shown(TextOutput):
    """What somebody is shown."""

    def __init__(self) -> None:
        super().__init__(label="shown", next_in_chain=None)
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


def output() -> AgentOutput:
    return AgentOutput(
        video_changed=lambda: None, audio_changed=lambda: None, transcription_changed=lambda: None
    )


def shows(agent_output: AgentOutput) -> TextOutput | None:
    """Who is given the text now."""
    return agent_output.transcription


@pytest.fixture
def shown() -> Shown:
    return Shown()


async def test_the_text_is_read_along_and_goes_on_unchanged(shown: Shown) -> None:
    read: list[str] = []
    tap = TextTap(shown, on_text=read.append, on_end=lambda: read.append("END"))
    for text in ("<emotion/> Hel", "lo"):
        await tap.capture_text(text)
    tap.flush()
    assert read == shown.texts == ["<emotion/> Hel", "lo", "END"]


def test_it_steps_in_and_out_again_and_whoever_shows_the_text_stays_attached(shown: Shown) -> None:
    agent_output = output()
    agent_output.transcription = shown
    tap = TextTap(shown, on_text=lambda _: None, on_end=lambda: None)
    tap.attach(agent_output)
    assert shows(agent_output) is tap
    assert shown.attached == 1
    tap.detach(agent_output)
    assert shows(agent_output) is shown
    assert shown.attached == 1


def test_it_takes_nobody_elses_place(shown: Shown) -> None:
    agent_output = output()
    tap = TextTap(shown, on_text=lambda _: None, on_end=lambda: None)
    tap.attach(agent_output)
    other = Shown()
    agent_output.transcription = other
    tap.detach(agent_output)
    assert shows(agent_output) is other


async def test_a_reader_that_fails_keeps_no_text_from_being_shown(
    shown: Shown, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> None:
        raise ValueError("unreadable")

    await TextTap(shown, on_text=fail, on_end=lambda: None).capture_text("words")
    assert shown.texts == ["words"]
    assert "could not read along" in caplog.text
