"""Lines that an agent hears or speaks, and what a face should show.

One half is for working on the classifier. The other half was written before there was one, and only
the measurement uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["good news", "bad news", "question", "thanks", "insult", "numbers"]
Half = Literal["dev", "held out"]
Side = Literal["heard", "spoken"]

VALENCE: Mapping[Kind, int] = {
    "good news": 1,
    "thanks": 1,
    "bad news": -1,
    "insult": -1,
    "question": 0,
    "numbers": 0,
}
"""The sign of what a face shows that is with the speaker. A question asks for neither smile nor
frown, but for interest; a list of numbers for nothing at all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Args:
        kind: What it is.
        half: Whether it may be looked at while working on the reader.
        side: Whether the agent hears it or says it.
        text: As a transcript or a language model writes it.
    """

    kind: Kind
    half: Half
    side: Side
    text: str


_WRITTEN: Mapping[tuple[Kind, Half], tuple[tuple[Side, str], ...]] = {
    ("good news", "dev"): (
        ("heard", "Guess what, I passed my driving test this morning!"),
        ("heard", "We just got engaged."),
        ("heard", "The doctor says I'm completely healthy again."),
        ("heard", "that actually worked perfectly"),
        ("spoken", "Great news, your loan has been approved."),
        ("spoken", "Congratulations on the new job!"),
        ("spoken", "Good, the payment went through and everything is set."),
        ("spoken", "You won first prize in the raffle."),
    ),
    ("good news", "held out"): (
        ("heard", "My daughter was born last night and she's beautiful."),
        ("heard", "I finally got the promotion I was hoping for."),
        ("heard", "it works now, that's brilliant"),
        ("heard", "We're so happy with the new kitchen, it turned out lovely."),
        ("spoken", "I'm delighted to tell you that you have been accepted."),
        ("spoken", "The good news is that your refund arrived today."),
        ("spoken", "We found your suitcase, and it's on its way to you."),
        ("spoken", "Excellent choice, this is our most popular room."),
    ),
    ("bad news", "dev"): (
        ("heard", "My grandfather passed away on Sunday."),
        ("heard", "I lost my job last week and I don't know what to do."),
        ("heard", "The package arrived broken and nobody answers the phone."),
        ("heard", "my dog is very sick"),
        ("spoken", "Unfortunately, your flight has been cancelled."),
        ("spoken", "I'm sorry to hear that, it must be very hard for you."),
        ("spoken", "I'm afraid your application was declined."),
        ("spoken", "The payment failed again, and I could not reach the bank."),
    ),
    ("bad news", "held out"): (
        ("heard", "My mother is in hospital, she had a stroke."),
        ("heard", "Somebody stole my bike and the police can't help."),
        ("heard", "we had to put our cat down yesterday"),
        ("heard", "I failed the exam for the third time."),
        ("spoken", "I regret to inform you that the concert is sold out."),
        ("spoken", "Sadly, the damage is not covered by your insurance."),
        ("spoken", "That is awful, I am so sorry you went through this."),
        ("spoken", "There has been an accident on your route, and you will be late."),
    ),
    ("question", "dev"): (
        ("heard", "What time do you close on Saturdays?"),
        ("heard", "can you tell me where my order is"),
        ("heard", "How does that work?"),
        ("heard", "Is the blue one also available in medium?"),
        ("spoken", "Could you give me your postcode, please?"),
        ("spoken", "Which of the two would you prefer?"),
        ("spoken", "Would you like a window seat or an aisle seat?"),
        ("spoken", "And how many people will be coming?"),
    ),
    ("question", "held out"): (
        ("heard", "Do I need to bring my passport?"),
        ("heard", "where can I find the invoice from March"),
        ("heard", "Why is the sky blue?"),
        ("heard", "Does it come with batteries?"),
        ("spoken", "What can I do for you today?"),
        ("spoken", "Shall I read the address back to you?"),
        ("spoken", "When would you like to check in?"),
        ("spoken", "Have you tried turning it off and on again?"),
    ),
    ("thanks", "dev"): (
        ("heard", "Thank you so much for your help."),
        ("heard", "thanks a lot, that was quick"),
        ("heard", "I really appreciate it."),
        ("heard", "Cheers, you're a star."),
        ("spoken", "Thank you for calling, have a wonderful day."),
        ("spoken", "Thanks for your patience."),
        ("spoken", "You're very welcome."),
        ("spoken", "Many thanks for letting us know."),
    ),
    ("thanks", "held out"): (
        ("heard", "Oh, that's very kind of you, thank you."),
        ("heard", "okay thanks bye"),
        ("heard", "I'm really grateful for everything you did."),
        ("heard", "Much appreciated."),
        ("spoken", "Thank you, I have noted that."),
        ("spoken", "Thanks, and welcome on board."),
        ("spoken", "It was a pleasure talking to you."),
        ("spoken", "We thank you for ten years of trust."),
    ),
    ("insult", "dev"): (
        ("heard", "You are completely useless."),
        ("heard", "What a stupid machine."),
        ("heard", "Shut up, you idiot."),
        ("heard", "you're the worst assistant I have ever talked to"),
        ("heard", "Are you dumb or what?"),
        ("heard", "I hate talking to you."),
        ("heard", "You suck."),
        ("heard", "Go to hell."),
    ),
    ("insult", "held out"): (
        ("heard", "You're an absolute moron."),
        ("heard", "This bot is garbage."),
        ("heard", "you stupid piece of junk"),
        ("heard", "Just shut your mouth."),
        ("heard", "You have no idea what you're talking about, you clown."),
        ("heard", "Screw you and your company."),
        ("heard", "I've never met anything as incompetent as you."),
        ("heard", "Your answers are rubbish, you pathetic robot."),
    ),
    ("numbers", "dev"): (
        ("spoken", "Four, eight, fifteen, sixteen, twenty-three, forty-two."),
        ("spoken", "Your order number is 4 7 1 1 0 8 1 5."),
        ("heard", "It's zero one seven two, five five five, nine oh two."),
        ("heard", "12 Baker Street, second floor, postcode 90210"),
        ("spoken", "The train leaves at 10:42 from platform 7."),
        ("spoken", "That is 3 at 14.99 and 2 at 8.50, so 61.97 in all."),
        ("heard", "A as in alpha, 2, 9, K, 4"),
        ("spoken", "Monday to Friday from 9 to 5, Saturdays from 10 to 2."),
    ),
    ("numbers", "held out"): (
        ("spoken", "One, one, two, three, five, eight, thirteen."),
        ("spoken", "The code is 8, 0, 3, 3, 6, 1."),
        ("heard", "my account number is 77 30 12 96"),
        ("heard", "The ninth of May, nineteen eighty-four."),
        ("spoken", "Room 214 is on the second floor, turn left after 30 metres."),
        ("spoken", "It measures 120 by 60 by 75 centimetres and weighs 18 kilos."),
        ("heard", "four four two oh seven nine four six oh nine five eight"),
        ("spoken", "Gate B12, boarding at 18:20, seat 23 F."),
    ),
}

LINES: tuple[Line, ...] = tuple(
    Line(kind, half, side, text) for (kind, half), lines in _WRITTEN.items() for side, text in lines
)
"""Ninety-six of them: eight of each kind in each half."""
