"""Who is to be seen: every choice that makes one person, and the people there are.

No person is modelled after a real one. A person is a mixture of the averages of several
populations, a few measures moved by taste, and a little asymmetry, as every face has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Colour = str
"""sRGB as six hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Skin:
    """Colours of the skin.

    Args:
        base: Cheek in plain light.
        flush: Where blood shows: cheeks, nose, ears.
        shade: Mottling, and the thin skin around the eyes.
        lips: Middle of the lips.
        stubble: How dark the shaved beard shows, in [0, 1].
        oil: How much the forehead and nose shine, in [0, 1].
    """

    base: Colour
    flush: Colour
    shade: Colour
    lips: Colour
    stubble: float
    oil: float


@dataclass(frozen=True, slots=True)
class Hair:
    """Hair of head and brows.

    Args:
        style: A name in `hair.STYLES`.
        melanin: Darkness of the hair, in [0, 1].
        redness: Share of the red pigment, in [0, 1].
        scalp: Colour of the scalp under it.
        brow_density: Hairs per brow as a share of a full one.
        brow_width: Height of the brow as a share of a common one.
        brow_above_dm: Height of its inner end above the eye's centre.
        brow_arch: How much it is arched, as a share of a high arch.
        lash_length: Length of the lashes as a share of long ones.
        lashes_even: Lashes stand evenly along the lid; False leaves them to the corners.
        lash_curl: How far long lashes bend, as a share of short ones.
        lash_from: Where the row of lashes begins, as a share of the lid from the nose.
    """

    style: str
    melanin: float
    redness: float
    scalp: Colour
    brow_density: float
    brow_width: float
    brow_above_dm: float
    brow_arch: float
    lash_length: float
    lashes_even: bool
    lash_curl: float
    lash_from: float


@dataclass(frozen=True, slots=True)
class Clothes:
    """What is worn.

    Args:
        colour: Of the cloth.
        collar_drop_dm: How far the front of the collar lies below the pit of the neck.
    """

    colour: Colour
    collar_drop_dm: float


@dataclass(frozen=True, slots=True)
class Person:
    """One person.

    Args:
        name: How files and commands call the person.
        targets: Weight per identity target; a name `*/lr-...` stands for left and right alike.
        skin, hair, clothes: See there.
        iris: Colours from pupil to rim.
        rest: Weight per ARKit blendshape of the friendly resting face.
    """

    name: str
    targets: Mapping[str, float]
    skin: Skin
    hair: Hair
    clothes: Clothes
    iris: tuple[Colour, Colour, Colour]
    rest: Mapping[str, float] = field(default_factory=dict)


MAN = Person(
    name="man",
    targets={
        "macrodetails/caucasian-male-young": 0.50,
        "macrodetails/caucasian-male-old": 0.12,
        "macrodetails/african-male-young": 0.18,
        "macrodetails/asian-male-young": 0.20,
        "macrodetails/universal-male-young-averagemuscle-averageweight": 0.75,
        "macrodetails/universal-male-old-averagemuscle-averageweight": 0.25,
        "macrodetails/proportions/male-young-averagemuscle-averageweight-idealproportions": 0.4,
        "head/head-oval": 0.25,
        "head/head-age-incr": 0.20,
        "eyes/lr-eye-scale-incr": 0.10,
        "eyes/lr-eye-bag-decr": 0.25,
        "cheek/lr-cheek-bones-incr": 0.20,
        "mouth/mouth-scale-horiz-incr": 0.35,
        "mouth/mouth-angles-up": 0.20,
        "mouth/mouth-lowerlip-volume-incr": 0.15,
        "nose/nose-width3-decr": 0.10,
        "chin/chin-width-incr": 0.25,
        "chin/chin-bones-incr": 0.30,
        "head/head-square": 0.18,
        "nose/nose-hump-incr": 0.12,
        "nose/nose-scale-vert-decr": 0.15,
        "neck/neck-scale-horiz-incr": 0.25,
        "torso/measure-shoulder-dist-decr": 0.25,
        "eyes/lr-eye-eyefold-down": 0.10,
        "asym/asym-brown-1-l": 0.15,
        "asym/asym-nose-1-r": 0.12,
        "asym/asym-mouth-1-l": 0.10,
        "asym/asym-jaw-1-r": 0.12,
        "asym/asym-eye-1-l": 0.10,
    },
    skin=Skin("cc9878", "b9604c", "9c6a4e", "a8605a", stubble=0.8, oil=0.5),
    hair=Hair("crop", 0.80, 0.22, "4a3a30", 1.35, 1.4, 0.138, 0.75, 0.5, False, 1.0, 0.22),
    clothes=Clothes("3f4c5c", 0.14),
    iris=("5e4126", "4c3a28", "261f1a"),
    rest={
        "eyeWideLeft": 0.45, "eyeWideRight": 0.45,
        "mouthSmileLeft": 0.42, "mouthSmileRight": 0.42,
        "cheekSquintLeft": 0.20, "cheekSquintRight": 0.20,
    },
)  # fmt: skip

WOMAN = Person(
    name="woman",
    targets={
        "macrodetails/caucasian-female-young": 0.55,
        "macrodetails/asian-female-young": 0.25,
        "macrodetails/african-female-young": 0.20,
        "macrodetails/universal-female-young-averagemuscle-averageweight": 0.9,
        "macrodetails/universal-female-old-averagemuscle-averageweight": 0.1,
        "macrodetails/proportions/female-young-averagemuscle-averageweight-idealproportions": 0.5,
        "head/head-oval": 0.30,
        "eyes/lr-eye-scale-incr": 0.15,
        "eyes/lr-eye-bag-decr": 0.40,
        "cheek/lr-cheek-bones-incr": 0.25,
        "mouth/mouth-angles-up": 0.25,
        "mouth/mouth-upperlip-volume-incr": 0.15,
        "mouth/mouth-lowerlip-volume-incr": 0.15,
        "nose/nose-width3-decr": 0.20,
        "neck/neck-scale-horiz-decr": 0.40,
        "cheek/lr-cheek-volume-decr": 0.20,
        "asym/asym-brown-1-r": 0.12,
        "asym/asym-nose-1-l": 0.10,
        "asym/asym-mouth-1-r": 0.08,
    },
    skin=Skin("d8a587", "c46a58", "a87458", "ac504f", stubble=0.0, oil=0.4),
    hair=Hair("bob", 0.77, 0.2, "4a382c", 0.9, 1.0, 0.185, 0.85, 0.5, True, 1.3, 0.02),
    clothes=Clothes("7c5a5e", 0.06),
    iris=("6a4c2e", "565038", "26281f"),
    rest={
        "eyeWideLeft": 0.14, "eyeWideRight": 0.14,
        "mouthSmileLeft": 0.46, "mouthSmileRight": 0.46,
        "cheekSquintLeft": 0.22, "cheekSquintRight": 0.22,
    },
)  # fmt: skip

PEOPLE: Mapping[str, Person] = {person.name: person for person in (MAN, WOMAN)}
"""Everyone there is, by name."""
