"""Lists the words of the lexicon: English words and phrases, with weights and reasons.

A star stands for any ending. Words with several meanings ("like", "well", "fine", "miss", "kind",
"free") are left out: a neutral face is never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Topic = Literal["valence", "courtesy", "apology", "name", "curse"]


@dataclass(frozen=True, slots=True)
class Words:
    """Words and phrases of one weight.

    Args:
        topic: A "not" reverses "valence" but not "courtesy"; an "apology" in a question is no bad
            news; a "name" insults if it is aimed at the listener, a "curse" always.
        weight: From -1, the worst, to 1, the best.
        reason: What they have in common.
        words: Words and phrases, with commas between.
    """

    topic: Topic
    weight: float
    reason: str
    words: str


WORDS = (
    Words(
        "valence", 1.0, "The best of news, and delight.",
        "amazing, fantastic, wonderful*, brilliant*, excellent*, awesome, perfect, perfectly, "
        "delight*, thrilled, overjoyed, ecstatic, congratulation*, congrats, great news, "
        "good news, wonderful news, well done, hooray, yay, woohoo, hurray, love it, love this, "
        "love that, loved it, dream come true, best day, so happy, got married, getting married, "
        "got engaged, just engaged, engaged to, had a baby, having a baby, a baby girl, "
        "a baby boy, newborn, was born, is born, pregnant, promoted, promotion, graduat*, "
        "got the job, new job, in remission, healthy, cured, fully recovered, first prize, "
        "first place, won, winner, victory, jackpot, magnificent, marvellous, marvelous, superb, "
        "outstanding, fabulous, incredible, stunning, over the moon, best ever, made my day, "
        "can't wait, cannot wait, couldn't be happier, couldn't be better, never been happier, "
        "never been better",
    ),
    Words(
        "valence", 0.65, "Good news, and pleasure.",
        "good, great, nice, nicely, happy, happier, happily, happiness, glad, gladly, pleased, "
        "pleasant*, pleasing, lovely, beautiful*, gorgeous, excited, exciting, enjoy*, fun, "
        "funny, proud, relieved, relief, hopeful, success*, succeed*, approved, accepted, "
        "confirmed, solved, resolved, fixed, it works, works now, works again, works perfectly, "
        "works great, worked, working again, went through, all set, everything is set, "
        "sorted out, passed my, passed the, i passed, you passed, refunded, your refund, "
        "upgraded, prize, rewarded, celebrat*, feel better, feeling better, much better, "
        "got better, getting better, favourite, favorite, love, loves, loved, recovered, "
        "recovering, improved, improving, improvement, safely, impressive, impressed, terrific, "
        "splendid, charming, adorable, laugh*, smile*, hug, hugs, cheerful, joy, joyful, lucky, "
        "fortunate*, thankfully, luckily, as good as new, found it, found your, found the, "
        "popular, delicious, tasty",
    ),
    Words(
        "courtesy", 0.65, "Greetings, and leave taken kindly.",
        "hello, hi, hey, hiya, howdy, good morning, good afternoon, good evening, good night, "
        "welcome, nice to meet you, pleased to meet you, good to see you, good to hear, "
        "nice to hear, how are you, how's it going, goodbye, bye, see you, take care, "
        "have a nice, have a good, have a great, have a wonderful, have a lovely, my pleasure, "
        "a pleasure, no problem, no worries, not at all, don't mention it, don't worry, anytime, "
        "happy to, glad to, more than happy, of course",
    ),
    Words(
        "courtesy", 0.85, "Thanks.",
        "thank, thanks, thankful, thx, ty, appreciate*, grateful, gratitude, much obliged, "
        "cheers, you're a star, you are a star, lifesaver, you're the best, you are the best, "
        "so kind, very kind, kind of you, helpful, you've been great, you rock",
    ),
    Words(
        "apology", -0.65, "Regret.",
        "sorry, apolog*, regret*, forgive, i'm afraid, i am afraid, we're afraid, we are afraid",
    ),
    Words(
        "valence", -1.0, "The worst of news, and despair.",
        "died, dies, die, death, deaths, dead, dying, passed away, funeral, killed, kill, "
        "murder*, cancer, tumor, tumour, suicid*, stroke, heart attack, in hospital, "
        "in the hospital, to hospital, to the hospital, hospitalised, hospitalized, "
        "intensive care, surgery, ambulance, an emergency, accident, tragedy, tragic*, terrible, "
        "horrible, horribly, horrific, awful, devastat*, heartbroken, heartbreaking, "
        "miscarriage, bankrupt*, fired, laid off, lost my, lost his, lost her, lost our, "
        "divorce*, abuse*, attacked, robbed, robbery, stole, stolen, burgled, mugged, raped, "
        "disaster*, catastroph*, grief, grieving, mourning, nightmare, victim*, war, earthquake, "
        "homeless, hopeless, desperate, terminal illness, dementia, paralysed, paralyzed, "
        "beaten, betrayed, cheated on",
    ),
    Words(
        "valence", -0.65, "Bad news, and what hurts.",
        "bad, badly, bad news, sad, sadly, sadness, unhappy, unfortunately, unlucky, cancelled, "
        "canceled, delayed, delay, delays, declined, denied, rejected, refused, turned down, "
        "fail, fails, failed, failing, failure, broken, broke, breaks down, broke down, lost, "
        "missing, missed, hurt, hurts, hurting, pain, painful, ache, aches, headache, sick, ill, "
        "illness, disease, infection, injured, injury, wound*, bleeding, worried, worry, "
        "worries, worrying, upset, upsetting, angry, anger, furious, frustrat*, disappoint*, "
        "annoy*, problem, problems, trouble, troubles, wrong, worse, worst, stuck, struggl*, "
        "hard for, hard time, very hard, too hard, tough time, difficult, scared, scary, fear, "
        "afraid, frightened, terrified, lonely, depress*, anxious, anxiety, stress*, exhausted, "
        "miserable, damage, damaged, damages, sold out, unavailable, out of stock, expired, "
        "overdue, debt, debts, penalty, overcharged, complain*, complaint*, crying, cried, cry, "
        "tears, hate, hates, hated, suffer*, poor, loss, leak*, flooded, flooding, burned, "
        "burnt, scam*, fraud*, hacked, ruined, destroyed, crash, crashed, crashes, doesn't work, "
        "does not work, didn't work, did not work, not working, isn't working, stopped working, "
        "won't work, "
        "nobody answers, nobody helps, no one answers, no one helps, too late, "
        "not possible, impossible, unable to, not available, no longer available, not able to, "
        "gave up, giving up, wasted, useless, a shame, ashamed, embarrass*, guilty, jealous, "
        "starving, freezing, unfair, unacceptable, disgusting, ugly, rude, mean to, ignored, "
        "let down, dropped out, evicted, arrested, sued, crisis, danger*, unsafe, threat*, "
        "violen*, victimised, bullied, bullying, nasty, broke up, split up, breakup, got worse, "
        "rubbish, garbage, stupid, sucks, waste of time",
    ),
    Words(
        "name", -1.0, "Aimed at the listener they insult; of things they complain.",
        "stupid*, dumb*, useless*, worthless, pathetic, incompetent*, ridiculous, idiotic, "
        "moronic, brainless, clueless, hopeless, terrible, horrible, awful, garbage, rubbish, "
        "trash, crap, crappy, junk, disgusting, ugly, lazy, liar, lousy, worst, disgrace, "
        "a joke, clown, fool, foolish, failure, loser, ignorant, annoying, good for nothing, "
        "idiot*, moron*, imbecile*, dimwit, dummy, dumbass, asshole, arsehole, bastard, bitch, "
        "jerk, dickhead, prick, wanker",
    ),
    Words(
        "curse", -1.0, "Always meant for the listener.",
        "shut up, shut it, shut your, go to hell, screw you, screw off, fuck you, fuck off, "
        "piss off, sod off, get lost, get stuffed, you suck, hate you, hate talking to you, "
        "despise you, can't stand you, piece of shit, piece of crap, piece of junk, "
        "piece of garbage, piece of trash, waste of space, drop dead",
    ),
)  # fmt: skip
"""The lexicon, for English only."""

AIMED = frozenset("you you're you've your u ur bot chatbot robot machine assistant ai".split())
"""Words for the listener, an agent."""

COPULAS = frozenset("are you're is was were be been being sound seem look such".split())
"""Verbs that apply a name to the listener: "your answers are ..."."""

OF_OTHERS = frozenset("i me my he him his she her it it's its that that's this they them".split())
"""Words for others than the listener: "it was awful"."""

NEGATORS = frozenset(
    "not no never none nothing nobody neither nor without hardly barely cannot can't don't doesn't "
    "didn't isn't aren't wasn't weren't won't wouldn't couldn't shouldn't haven't hasn't hadn't "
    "ain't".split()
)
"""Within `NEGATED_WORDS` before a word they reverse it."""

INTENSIFIERS = {
    **dict.fromkeys(
        "very really so extremely absolutely completely totally incredibly truly deeply such "
        "utterly terribly awfully super".split(),
        1.25,
    ),
    **dict.fromkeys("slightly somewhat little bit rather quite kinda fairly almost".split(), 0.6),
}
"""Factors of the weight of a word that follows, as other lexicons have them (Taboada et al. 2011);
chosen by eye."""

EMOJI = {
    1.0: "\U0001f600\U0001f601\U0001f602\U0001f603\U0001f604\U0001f606\U0001f60a\U0001f60d"
    "\U0001f618\U0001f929\U0001f970\U0001f973\U0001f389\U0001f38a\U0001f64f\U0001f44d\U0001f44f"
    "\U0001f642\U0001f60e\U0001f917\u2764\U0001f495\U0001f496\U0001f49a\U0001f499\U0001f49b\u263a",
    -1.0: "\U0001f622\U0001f62d\U0001f61e\U0001f614\U0001f615\U0001f641\u2639\U0001f629\U0001f62b"
    "\U0001f625\U0001f630\U0001f494\U0001f44e\U0001f620\U0001f621\U0001f92c\U0001f63f\U0001f915"
    "\U0001f912\U0001f637\U0001f616\U0001f623\U0001f631",
}
"""Weights of emoji, for texts of any language."""

EMOTICONS = {":)": 1.0, ":-)": 1.0, ":D": 1.0, ";)": 1.0, ":(": -1.0, ":-(": -1.0, ":'(": -1.0}
"""Weights of emoticons."""
