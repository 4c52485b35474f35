"""A text is found in a sound, and followed only where the sound bears it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.speech.alignment.aligner import JUDGED_HOPS, WORDS_LIMIT, Aligner
from livekit_plugins_avatar.speech.alignment.costs import ACOUSTIC, HOPS_PER_S
from livekit_plugins_avatar.speech.text.pronunciation import Word, words_of
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX, VISEMES
from livekit_plugins_avatar.timeline import SAMPLE_RATE

from ..mishearing import visemes_of

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

TEXT = "Maybe Peter bought some very good coffee before the shop closed, for five people."
OTHER = "The quick notes are hanging in a dark and silent corridor, at last, until winter ends."
GERMAN = "Am Abend gehen Barbara und Paul spazieren, wenn die Blumen bl\u00fchen und Amseln singen."
GREEK = "\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1, \u03c0\u03ce\u03c2;"
FIGURES = "12 34 56 78 90, 3.5 %!"
SIL = VISEME_INDEX["sil"]
PP = VISEME_INDEX["PP"]

PHONE_HOPS = 7
PAUSE_HOPS = 25


def spoken(text: str, *, pauses: bool = True) -> tuple[Ints, list[int]]:
    """What the mouth shows while a text is said, hop by hop, and the hop each word begins at."""
    shown = [SIL] * PAUSE_HOPS
    begins = []
    for word in words_of(text):
        if word.pause and pauses:
            shown += [SIL] * PAUSE_HOPS
        begins.append(len(shown))
        for viseme in visemes_of(word.ways[0]):
            shown += [VISEME_INDEX[viseme]] * PHONE_HOPS
    return np.array(shown + [SIL] * PAUSE_HOPS), begins


def recognized(shown: Ints, *, wrong: float = 0.3, seed: int = 1) -> Floats:
    """What a recogniser makes of it: unsure of everything, and wrong about some of the phones."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 0.7, (len(shown), len(VISEMES)))
    edges = np.flatnonzero(np.diff(shown)) + 1
    for hops in np.split(np.arange(len(shown)), edges):
        right = shown[hops[0]]
        other = rng.integers(1, len(VISEMES))
        mistaken = right != SIL and rng.random() < wrong
        logits[hops, right] += 2.0 if mistaken else 4.0
        logits[hops, other] += 3.5 if mistaken else 1.0
    likely = np.exp(logits)
    return np.asarray(np.log(likely / likely.sum(axis=1, keepdims=True)), np.float32)


def timed(text: str, times: Sequence[float] | None = None) -> list[Word]:
    words = words_of(text)
    if times is None:
        return words
    return [
        replace(word, start=round(time_s * SAMPLE_RATE))
        for word, time_s in zip(words, times, strict=True)
    ]


def aligned(log_probabilities: Floats, words: Sequence[Word], chunks: Sequence[int] = ()) -> Ints:
    """The text's answers in the end, after hops came in such pieces, asked for after each."""
    aligner = Aligner()
    aligner.add(words)
    begin = 0
    for count in [*chunks, len(log_probabilities)]:
        aligner.push(log_probabilities[begin : begin + count])
        begin += count
        aligner.shown()
    return aligner.shown()


def right(answer: Ints, log_probabilities: Floats, shown: Ints) -> float:
    """Share of the hops of speech that come out right; where the text is silent, the recogniser
    decides."""
    fused = np.where(answer == ACOUSTIC, log_probabilities.argmax(axis=1), answer)
    speech = shown != SIL
    return float((fused == shown)[speech].mean())


SHOWN, BEGINS = spoken(TEXT)
RECOGNIZED = recognized(SHOWN)
WITHOUT_TEXT = right(np.full(len(SHOWN), ACOUSTIC), RECOGNIZED, SHOWN)


def test_a_text_corrects_the_recogniser() -> None:
    """A text that is spoken corrects phones that were misheard."""
    assert WITHOUT_TEXT < 0.8
    assert right(aligned(RECOGNIZED, timed(TEXT)), RECOGNIZED, SHOWN) > 0.93


def test_no_closure_is_missed() -> None:
    """Each closure of the text is found."""
    answer = aligned(RECOGNIZED, timed(TEXT))
    edges = np.flatnonzero(np.diff(SHOWN)) + 1
    closures = [hops for hops in np.split(np.arange(len(SHOWN)), edges) if SHOWN[hops[0]] == PP]
    assert len(closures) >= 8
    assert all((answer[hops] == PP).any() for hops in closures)


def test_silence_lies_in_the_pauses() -> None:
    """And hardly anywhere else."""
    answer = aligned(RECOGNIZED, timed(TEXT))
    assert (answer[SHOWN == SIL] == SIL).mean() > 0.95
    assert (answer[SHOWN != SIL] == SIL).mean() < 0.02


def test_a_pause_without_punctuation_is_found() -> None:
    """A speaker may pause between any two words."""
    shown, _ = spoken("Maybe Peter")
    middle = spoken("Maybe")[1][0] + PHONE_HOPS * len(visemes_of(words_of("Maybe")[0].ways[0]))
    shown = np.insert(shown, middle, [SIL] * PAUSE_HOPS)
    answer = aligned(recognized(shown, wrong=0), timed("Maybe Peter"))
    assert (answer[middle + 2 : middle + PAUSE_HOPS - 2] == SIL).all()


def test_without_words_nothing_is_asked_for() -> None:
    """Every hop is left to the recogniser."""
    assert (aligned(RECOGNIZED, []) == ACOUSTIC).all()


@pytest.mark.parametrize("text", [OTHER, GERMAN, GREEK, FIGURES])
@pytest.mark.parametrize("seed", range(4))
def test_another_text_is_not_followed(text: str, seed: int) -> None:
    """Nor is another language, or figures."""
    sound = recognized(SHOWN, seed=seed)
    alone = right(np.full(len(SHOWN), ACOUSTIC), sound, SHOWN)
    assert right(aligned(sound, timed(text)), sound, SHOWN) > alone - 0.02


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_words_do_no_harm(seed: int) -> None:
    """Words in another order are no worse than none."""
    words = timed(TEXT)
    np.random.default_rng(seed).shuffle(words)
    assert right(aligned(RECOGNIZED, words), RECOGNIZED, SHOWN) > WITHOUT_TEXT - 0.02


def test_the_text_is_taken_up_again() -> None:
    """What is spoken beyond the text is left to the recogniser."""
    unwritten, _ = spoken(OTHER)
    sound = np.concatenate((SHOWN, unwritten, SHOWN))
    answer = aligned(recognized(sound), timed(f"{TEXT} {TEXT}"))
    edges = len(SHOWN), len(SHOWN) + len(unwritten)
    assert (answer[edges[0] : edges[1]] == ACOUSTIC).mean() > 0.9
    # Near by, doubt prevails.
    assert (answer[: edges[0] - JUDGED_HOPS] == sound[: edges[0] - JUDGED_HOPS]).mean() > 0.9
    assert (answer[edges[1] + JUDGED_HOPS :] == sound[edges[1] + JUDGED_HOPS :]).mean() > 0.9


def test_words_may_be_left_out() -> None:
    """The rest of the text is found all the same."""
    shown, _ = spoken("Maybe Peter bought some coffee before the shop closed")
    text = "Maybe Peter bought some really wonderful coffee before the shop closed"
    assert right(aligned(recognized(shown), timed(text)), recognized(shown), shown) > 0.9


def test_figures_are_left_to_the_recogniser() -> None:
    """What is around them is not."""
    shown, _ = spoken("Maybe people bought twenty seven more books")
    answer = aligned(recognized(shown), timed("Maybe people bought 27 more books"))
    figure = spoken("Maybe people bought")[0].size - PAUSE_HOPS
    rest = figure + spoken("twenty seven")[0].size - 2 * PAUSE_HOPS
    assert (answer[figure + 5 : rest - 5] == ACOUSTIC).mean() > 0.9
    assert (answer[rest + 5 :] == shown[rest + 5 :]).mean() > 0.95
    assert (answer[: figure - 5] == shown[: figure - 5]).mean() > 0.95


@pytest.mark.parametrize("late_s", [0.0, 0.3, 1.0, -1.0, 30.0])
def test_wrong_times_do_no_harm(late_s: float) -> None:
    """Times that are off by any amount make nothing worse."""
    times = [begin / HOPS_PER_S + late_s for begin in BEGINS]
    untimed = right(aligned(RECOGNIZED, timed(TEXT)), RECOGNIZED, SHOWN)
    assert right(aligned(RECOGNIZED, timed(TEXT, times)), RECOGNIZED, SHOWN) > untimed - 0.01


def test_times_tell_equal_words_apart() -> None:
    """The one near its time is meant."""
    shown, begins = spoken(f"{TEXT} bob, bob")
    times = [begin / HOPS_PER_S for begin in begins]
    for meant, other in ((-1, -2), (-2, -1)):
        answer = aligned(
            recognized(shown, wrong=0), timed(f"{TEXT} bob", [*times[:-2], times[meant]])
        )
        assert (answer[begins[meant] : begins[meant] + PHONE_HOPS] == PP).mean() > 0.8
        assert (answer[begins[other] : begins[other] + PHONE_HOPS] == PP).mean() < 0.2


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 90), max_size=30))
def test_pieces_leave_no_trace(chunks: list[int]) -> None:
    """Hops in any pieces give the same answer in the end."""
    assert (aligned(RECOGNIZED, timed(TEXT), chunks) == aligned(RECOGNIZED, timed(TEXT))).all()


@pytest.mark.parametrize("words_at_once", [1, 3, 100])
@pytest.mark.parametrize("late_hops", [0, 40, 120])
def test_words_may_come_late(words_at_once: int, late_hops: int) -> None:
    """While they are spoken, or a little later."""
    aligner = Aligner()
    words = timed(TEXT)
    given = 0
    for hop in range(0, len(SHOWN), 10):
        aligner.push(RECOGNIZED[hop : hop + 10])
        while given < len(words) and BEGINS[given] + late_hops <= hop + 10:
            aligner.add(words[given : given + words_at_once])
            given += words_at_once
    assert right(aligner.shown(), RECOGNIZED, SHOWN) > 0.85


def test_settled_hops_are_forgotten() -> None:
    """And what is left comes out the same."""
    aligner = Aligner()
    aligner.add(timed(TEXT))
    answer = np.full(len(SHOWN), ACOUSTIC)
    for hop in range(0, len(SHOWN), 10):
        aligner.push(RECOGNIZED[hop : hop + 10])
        answer[aligner.begin : hop + 10] = aligner.shown()
        aligner.forget(hop - 50)
        assert aligner.begin <= max(0, hop - 50)
    assert aligner.begin > len(SHOWN) - 80
    assert right(answer, RECOGNIZED, SHOWN) > 0.75


def test_a_long_text_is_followed_to_its_end() -> None:
    """The part that is searched moves along."""
    text = " ".join([TEXT] * 8)
    shown, _ = spoken(text)
    sound = recognized(shown)
    assert right(aligned(sound, timed(text)), sound, shown) > 0.95


def test_words_that_come_after_all_was_settled_are_found() -> None:
    """A voice that is hardly ahead settles every hop; the text goes on from where it was."""
    aligner = Aligner()
    words = timed(TEXT)
    given = 0
    asked = 0
    for hop in range(0, len(SHOWN), 10):
        while given < len(words) and BEGINS[given] <= hop + 60:
            aligner.add(words[given : given + 1])
            given += 1
        aligner.push(RECOGNIZED[hop : hop + 10])
        asked += int((aligner.shown() != ACOUSTIC).sum())
        aligner.forget(hop + 10)
    assert asked > len(SHOWN) / 2


def test_words_beyond_the_limit_are_left_out() -> None:
    """However long a text is, the memory for it is bounded."""
    aligner = Aligner()
    words = timed(TEXT)
    while aligner.words < WORDS_LIMIT:
        before = aligner.words
        aligner.add(words * 50)
        assert before < aligner.words <= WORDS_LIMIT
    assert not aligner.add(words)
    assert aligner.words == WORDS_LIMIT
