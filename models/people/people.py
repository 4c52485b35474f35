"""The people: every choice of each of them, with all seeds fixed.

Identities are random mixes of scans, not likenesses. Five of the people are kept back: nothing may
be tuned on them, and they are looked at in a last run only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Colour = str
"""sRGB as six hexadecimal digits."""

BROWN = ("6b4a2c", "4a3220", "1c130d")
DARK = ("3d2718", "2b1b12", "120b08")
GREEN = ("7a6a3c", "56603f", "1a1a12")
BLUE = ("7d8b8c", "5a7486", "1c2830")


@dataclass(frozen=True, slots=True)
class Light:
    """How a person is lit.

    Args:
        key_at: Place of the key light from the face, dm: to the picture's right, up, near.
        key_w, fill_w, rim_w: Power.
        key_dm: Side of the key light; the larger, the softer.
        room: Strength of the room's own light.
        exposure: Of the camera, in stops.
        key_tint: Colour of the key light.
        toward: Where in the room the camera looks, as a share of a full turn; below 0, the window
            is where the key light usually is.
        mirrored: How much of the room's light is mirrored by what shines.
    """

    key_at: tuple[float, float, float] = (-6.5, 4.5, 7.5)
    key_w: float = 700.0
    fill_w: float = 60.0
    rim_w: float = 350.0
    key_dm: float = 7.0
    room: float = 0.6
    exposure: float = 0.2
    key_tint: tuple[float, float, float] = (1.0, 0.97, 0.93)
    toward: float = -1.0
    mirrored: float = 0.0


@dataclass(frozen=True, slots=True)
class Person:
    """One person.

    Args:
        name: Of the folder.
        kept_back: Whether nothing may be tuned on this person.
        seed: Of the identity.
        skin: Photographed skin, a name of `assets`.
        hair: A name of `hairs.STYLES`; "" for none.
        melanin, redness: Of the hair; little melanin is grey or blond.
        beard_dm: Length of the beard's hairs; 0 for none.
        brow: Thickness of the brows.
        lashes: Hairs on a card of an upper lid.
        iris: Colours from pupil to rim.
        cloth: Colour of the jersey.
        light: See there.
        wall: Where in the room the camera looks, as a share of a full turn.
        distance_dm: From the camera to the eyes.
        head_share: Height of the head as a share of the picture's side.
        rest: How the face rests.
    """

    name: str
    kept_back: bool
    seed: int
    skin: str
    hair: str
    melanin: float
    redness: float
    beard_dm: float
    brow: float
    lashes: int
    iris: tuple[Colour, Colour, Colour]
    cloth: Colour
    light: Light
    wall: float = 0.475
    distance_dm: float = 10.0
    head_share: float = 0.60
    rest: Mapping[str, float] = field(default_factory=dict)


def _rest(smile: float, lids: float, lips: float = 0.10) -> Mapping[str, float]:
    """A face at ease: without lids a little down it stares, and for some the lips part."""
    both = {"mouthSmile": smile, "cheekSquint": 0.6 * smile, "eyeSquint": 0.2, "eyeBlink": lids}
    sides = {f"{name}{side}": weight for name, weight in both.items() for side in ("Left", "Right")}
    return {**sides, "mouthShrugLower": lips}


SOFT = Light()
EVEN = Light(key_at=(-3.0, 4.0, 9.0), key_w=520, fill_w=220, key_dm=10.0, room=0.8)
SIDE_LEFT = Light(key_at=(-10.0, 2.5, 2.5), key_w=900, fill_w=15, key_dm=5.0, room=0.4)
SIDE_RIGHT = Light(key_at=(10.0, 2.0, 3.0), key_w=850, fill_w=15, key_dm=4.0, room=0.4)
ABOVE = Light(key_at=(1.5, 9.0, 5.0), key_w=800, fill_w=40, key_dm=5.0, room=0.55)
BRIGHT = Light(key_w=1000, fill_w=160, room=0.9, exposure=0.6)

PEOPLE = (
    Person(
        "p01", False, 107, "young_lightskinned_male_diffuse", "parted", 0.66, 0.25, 0.0075, 1.08,
        42, BROWN, "2c3444", SOFT, rest=_rest(0.30, 0.16),
    ),
    Person(
        "p02", False, 113, "young_lightskinned_female_diffuse2", "long", 0.62, 0.35, 0.0, 0.80,
        70, GREEN, "5a6b63", SOFT, rest=_rest(0.30, 0.10, 0.06),
    ),
    Person(
        "p03", False, 131, "young_darkskinned_male_diffuse", "close", 0.97, 0.1, 0.03, 1.10,
        50, DARK, "8a3b2e", BRIGHT, 0.30, rest=_rest(0.25, 0.12),
    ),
    Person(
        "p04", False, 142, "old_lightskinned_male_diffuse2", "", 0.12, 0.1, 0.0, 0.95,
        24, BLUE, "6a7280", SIDE_LEFT, 0.62, 9.0, rest=_rest(0.18, 0.20),
    ),
    Person(
        "p05", False, 118, "middleage_darkskinned_female_diffuse", "tied", 0.98, 0.1, 0.0, 0.75,
        70, DARK, "b58a3a", EVEN, 0.15, rest=_rest(0.28, 0.08, 0.08),
    ),
    Person(
        "p06", False, 127, "middleage_lightskinned_male_diffuse2", "parted", 0.45, 0.6, 0.05, 1.05,
        34, GREEN, "3c4a3a", SIDE_RIGHT, 0.80, 8.5, rest=_rest(0.22, 0.16),
    ),
    Person(
        "p07", True, 151, "old_darkskinned_male_diffuse", "close", 0.10, 0.05, 0.02, 0.95,
        30, DARK, "39424e", SOFT, 0.30, 9.5, rest=_rest(0.20, 0.18),
    ),
    Person(
        "p08", False, 156, "young_lightskinned_female_diffuse3", "tied", 0.30, 0.5, 0.0, 0.75,
        70, BLUE, "a4667a", EVEN, 0.62, rest=_rest(0.34, 0.06, 0.06),
    ),
    Person(
        "p09", True, 163, "middleage_lightskinned_male_diffuse", "close", 0.75, 0.2, 0.012, 1.10,
        36, BROWN, "7c6a55", ABOVE, 0.80, rest=_rest(0.20, 0.14),
    ),
    Person(
        "p10", True, 168, "middleage_lightskinned_female_diffuse2", "long", 0.15, 0.1, 0.0, 0.70,
        50, GREEN, "45506b", SIDE_RIGHT, 0.15, 11.0, rest=_rest(0.30, 0.14, 0.08),
    ),
    Person(
        "p11", True, 174, "middleage_darkskinned_male_diffuse", "parted", 0.92, 0.2, 0.05, 1.15,
        44, DARK, "cfd4d8", SIDE_LEFT, 0.475, rest=_rest(0.26, 0.12),
    ),
    Person(
        "p12", True, 179, "young_lightskinned_male_diffuse3", "parted", 0.25, 0.7, 0.0, 0.85,
        40, BLUE, "24504c", BRIGHT, 0.30, 9.0, rest=_rest(0.34, 0.10),
    ),
)  # fmt: skip
"""All of them; those that are not kept back may be tuned on."""
