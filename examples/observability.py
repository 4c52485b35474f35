"""Counts and queues of a face as OpenTelemetry metrics, here printed every ten seconds.

    pip install 'livekit-plugins-avatar[demo]'
    python examples/observability.py dev

Server and keys are those of examples/basic.py. Any exporter will do: set the meter provider before
the face starts. `face.stats` and `face.status` tell the same to your own code.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader

from livekit_plugins_avatar.tools.demo import piper

server = AgentServer(setup_fnc=avatar.prewarm)


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    reader = PeriodicExportingMetricReader(ConsoleMetricExporter(), export_interval_millis=10_000)
    metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))

    session: AgentSession[None] = AgentSession(tts=piper.TTS())
    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)
    await session.start(Agent(instructions="None is needed: there is no model."), room=ctx.room)
    await session.say("I am being measured.")
    print(face.device, face.status, face.stats)


if __name__ == "__main__":
    cli.run_app(server)
