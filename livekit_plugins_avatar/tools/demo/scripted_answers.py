"""The topics that the demo's agent can talk about, and the choice among them.

The answer depends only on what the visitor has said: the same words get the same answer, and a
topic raised again gets its next answer. The texts are written to be spoken, without symbols or
lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

GREETING = (
    "Hello! I am the demo of the LiveKit avatar plugin: a voice agent with a face, and both run on "
    "this machine. Ask me how it works, or ask me for a story."
)

NOT_UNDERSTOOD = (
    "I did not catch a question there. Could you say it again, or type it?",
    "Sorry, I still have no words to answer. Try asking what this project is.",
)

UNKNOWN = (
    "I only know a little: this project, how it keeps sound and picture together, and one or two "
    "stories. Which of those would you like?",
    "That is beyond my script. I am good at explaining how the face works, and how to add it to "
    "your agent.",
    "I cannot say anything sensible about that. Ask me about lip sync, or for a story.",
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that a visitor may raise.

    Args:
        name: For tests and logs.
        cues: Regular expressions; the topic is raised if one is found in the lower-case text.
        answers: Given in turn each time the topic is raised.
    """

    name: str
    cues: tuple[str, ...]
    answers: tuple[str, ...]


TOPICS = (
    # Stories first: "tell me a story about how you work" asks for a story.
    Topic(
        "story",
        (r"\bstor(y|ies)\b", r"\btale\b", r"\bonce upon\b", r"\bfable\b"),
        (
            "Gladly. This one is very old, and I tell it in my own words. One morning the north "
            "wind and the sun saw a traveller on the road, wrapped in a heavy coat. The wind said: "
            "I am the stronger of us two, and I will prove it. I will have that coat off his back. "
            "So it blew. It blew until the trees bent and the dust flew, but the colder it blew, "
            "the tighter the man held his coat. At last the wind was out of breath. Then the sun "
            "came out from behind a cloud, and simply shone. The man looked up, and smiled, and "
            "opened one button, and then another. Before long he had taken off his coat, and "
            "sat down in the shade. And the wind said nothing for the rest of the day.",
            "Here is another, just as old. A crow was thirsty, and found a jar with a little water "
            "at the bottom, far below the reach of her beak. She pushed it, but it was too heavy "
            "to tip. She thought of flying on. Then she saw pebbles by the path. She dropped one "
            "into the jar. The water rose by so little that it made her laugh. So she dropped "
            "another, and another, all through the hot afternoon. And when the sun was low, the "
            "water stood at the brim, and the crow drank. Small steps, she thought, are still "
            "steps.",
        ),
    ),
    Topic(
        "add it",
        (
            r"\b(add|install|integrate|set ?up|get started)\b",
            r"\bthree lines\b",
            r"\bhow (do|can|would|could) i (use|get|have|put|try)\b",
            r"\b(my|our) (own )?agent\b",
        ),
        (
            "It takes three lines. Import avatar from livekit plugins. Make an avatar session. "
            "Then start it with your agent session and the room, just before you start the agent "
            "session itself. Your voice, your language model and your tools stay as they are.",
            "Install the package, import it, and start the avatar before your session. The "
            "file called basic, in the examples folder, shows all of it on one screen.",
        ),
    ),
    Topic(
        "sync",
        (
            r"\bsync\b",
            r"\bsink\b",  # what speech recognition makes of "sync"
            r"\bsynchron",
            r"\blips?\b",
            r"\bmouth\b",
            r"\bvisemes?\b",
            r"\bin time\b",
        ),
        (
            "Sound is the clock. Every piece of speech is counted in samples, and for each frame I "
            "ask what my face should look like at exactly that sample. If a frame is late, it is "
            "never shown late. You get the frame for now instead, and the sound never waits.",
            "My mouth follows the sound itself, not the text. A small model hears which shape each "
            "moment of speech needs, a little before you hear it, so that my lips can be closed "
            "in time for a p, a b or an m.",
        ),
    ),
    Topic(
        "interruption",
        (r"\binterrupt", r"\bcut you off\b", r"\btalk over\b", r"\bstop talking\b"),
        (
            "You can interrupt me at any time. Just speak, or type. My voice fades within a few "
            "hundredths of a second, and my mouth closes with it.",
        ),
    ),
    Topic(
        "hardware",
        (r"\bgpu\b", r"\bcpu\b", r"\bgraphics card\b", r"\bcuda\b", r"\bhardware\b", r"\bfast\b"),
        (
            "I need no graphics card. My face is one small model that runs on the processor, and "
            "on a graphics card when there is one. Nothing about me leaves this machine.",
        ),
    ),
    Topic(
        "own face",
        (
            r"\bpersona\b",
            r"\b(other|another|different|own|change|custom) (your )?(face|look|avatar|character)\b",
            r"\blook like\b",
        ),
        (
            "A face is one file, called a persona. You can bring your own, or write a renderer of "
            "your own and hand it to the avatar session. Everything else stays the same.",
        ),
    ),
    Topic(
        "keyless",
        (r"\bapi keys?\b", r"\bkeys?\b", r"\baccount\b", r"\boffline\b", r"\bcloud\b", r"\bfree\b"),
        (
            "This demo needs no key and no account. The server, my ears, my voice and my face all "
            "run here. With an Open A I or a Deepgram key in the environment I would use those "
            "instead.",
        ),
    ),
    Topic(
        "parts",
        (
            r"\bhow (does|do|did) (it|this|that|you|the (face|avatar|demo|agent)) work\b",
            r"\bwhat (are you|is it) made of\b",
            r"\bunder the hood\b",
            r"\bhow are you (made|built)\b",
            r"\bexplain\b",
        ),
        (
            "My voice is made a sentence at a time. The sound is turned into mouth shapes, the "
            "shapes into a face, and the face into video, frame by frame. Sound and picture go "
            "into the room together, as two tracks of one stream.",
            "There is a thread of its own for sound and picture. So even when the rest of me is "
            "busy thinking, my voice and my face go on.",
        ),
    ),
    Topic(
        "livekit",
        (r"\blive ?kit\b", r"\bweb ?rtc\b", r"\broom\b"),
        (
            "LiveKit is an open source server for live sound and video. This page and I are in one "
            "of its rooms, and the server runs on this machine too.",
        ),
    ),
    Topic(
        "project",
        (
            r"\bwhat (is|are|does) (this|it|that|you)\b(?! (doing|made))",
            r"\bwhat('s| is) (this|the|that) (project|demo|plugin|thing|page|about)\b",
            r"\b(project|plugin|demo|avatar)\b",
            r"\babout (this|yourself)\b",
            r"\bwhat do you do\b",
        ),
        (
            "This is a plugin that gives a LiveKit voice agent a face. It listens to the agent's "
            "own speech, works out what the mouth should do, draws it on this machine, and keeps "
            "the picture together with the sound.",
            "In short: you bring a voice agent, and it brings the face. Ask me how the lips stay "
            "in time, or how to add it to your own agent.",
        ),
    ),
    Topic(
        "name",
        (r"\byour name\b", r"\bwho are you\b", r"\bwhat should i call you\b"),
        ("I have no name of my own. I am the demo. My voice is called Joe, so Joe will do.",),
    ),
    Topic(
        "real person",
        (r"\b(human|robot|real|alive|machine|a i|ai|bot)\b",),
        ("I am a small program with a drawn face and a fixed script. There is no person here.",),
    ),
    Topic(
        "time",
        (r"\bwhat time\b", r"\bthe time\b", r"\bwhat('s| is) the date\b", r"\bwhat day\b"),
        ("By the clock of this machine it is {time}, on {date}.",),
    ),
    Topic(
        "abilities",
        (r"\bwhat (can|could) (you|i)\b", r"\bhelp\b", r"\bwhat do you know\b", r"\boptions\b"),
        (
            "I can explain what this project is, how I keep my lips in time, and how you add me to "
            "your own agent. I can also tell you a story. And you may interrupt me whenever you "
            "like.",
        ),
    ),
    Topic(
        "can't do",
        (
            r"\bweather\b",
            r"\bnews\b",
            r"\b(search|google|look up|browse)\b",
            r"\b(sing|song|joke)\b",
            r"\b(book|order|buy|email|call) ",
            r"\b(remind|alarm|timer)\b",
        ),
        (
            "I cannot do that: I have a script, and no way out of this machine. But I can tell you "
            "a story, or how my face works.",
        ),
    ),
    Topic(
        "how are you",
        (r"\bhow are you\b", r"\bhow('s| is) it going\b", r"\bhow do you do\b"),
        ("I am well, thank you: all my frames are on time. What would you like to know?",),
    ),
    Topic(
        "hearing",
        (r"\b(can|do) you (hear|see|understand)\b", r"\btesting\b", r"\bone two three\b"),
        (
            "I hear you well. I cannot see you: no camera is used here.",
            "Yes, still with you.",
        ),
    ),
    Topic(
        "thanks",
        (r"\bthank", r"\bthanks\b", r"\bgreat\b", r"\b(nice|cool|amazing|impressive|well done)\b"),
        ("You are welcome.", "My pleasure. Is there anything else?"),
    ),
    Topic(
        "goodbye",
        (r"\b(good)?bye\b", r"\bsee you\b", r"\bgood night\b", r"\bthat('s| is) all\b"),
        ("Goodbye! It was good to talk to you. Just close the page when you like.",),
    ),
    # Last: "hello, what is this?" is a question that happens to begin with a greeting.
    Topic(
        "greeting",
        (r"\b(hi|hello|hey|good (morning|afternoon|evening))\b",),
        (
            "Hello! Nice to meet you. Ask me what this project is, or ask me for a story.",
            "Hello again!",
        ),
    ),
    Topic(
        "yes",
        (r"^(yes|yeah|sure|okay|ok|please|go on)\b",),
        ("Then ask away: how the lips stay in time, how to add the face, or for a story.",),
    ),
    Topic("no", (r"^(no|nope|not really)\b",), ("All right. I am here if you need me.",)),
)

AGAIN = re.compile(r"^(another|again|more|one more|next|tell me more)\b")
"""Raises the previous topic again."""


def topic(text: str) -> Topic | None:
    """The first topic of the table that `text` raises, or None."""
    words = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").strip()
    return next((t for t in TOPICS if any(re.search(cue, words) for cue in t.cues)), None)


def answer(said: Sequence[str], now: datetime) -> str:
    """The next answer.

    Args:
        said: All texts of the visitor, oldest first; the last one is answered.
        now: Local time, for a visitor who asks for it.
    """
    if not said:
        return GREETING
    raised = _raised(said)
    last = raised[-1]
    times = raised.count(last) - 1
    if last is not None:
        return _cycle(last.answers, times).format(
            time=f"{now:%H}:{now:%M}", date=f"{now:%A}, {now.day} {now:%B}"
        )
    return _cycle(UNKNOWN if re.search(r"\w", said[-1]) else NOT_UNDERSTOOD, times)


def _raised(said: Sequence[str]) -> list[Topic | None]:
    """The topic of each text; "another" raises the previous one again."""
    raised: list[Topic | None] = []
    for text in said:
        found = topic(text)
        if found is None and raised and AGAIN.search(text.lower().strip()):
            found = raised[-1]
        raised.append(found)
    return raised


def _cycle(answers: Sequence[str], times: int) -> str:
    return answers[times % len(answers)]
