"""A face in a room of several people: it looks at the one who speaks, where the page shows them.

    pip install 'livekit-plugins-avatar[demo]'
    python examples/several_people.py dev

Server and keys are those of examples/basic.py. Without `set_seat` the people sit side by side, in
the order in which they came.
"""

from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar

from livekit_plugins_avatar.tools.demo import piper

SEATS_RAD = {"left": -0.3, "right": 0.3}

server = AgentServer(setup_fnc=avatar.prewarm)


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(tts=piper.TTS())
    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)

    def seat(person: rtc.RemoteParticipant) -> None:
        """Your page may tell by an attribute where it shows a person."""
        face.set_seat(person, yaw_rad=SEATS_RAD.get(person.attributes.get("seat", "")))

    ctx.room.on("participant_connected", seat)
    for person in ctx.room.remote_participants.values():
        seat(person)

    await session.start(Agent(instructions="None is needed: there is no model."), room=ctx.room)
    await session.say("Hello, all of you.")


if __name__ == "__main__":
    cli.run_app(server)
