"""The cast: every choice that makes each of six people, with all seeds fixed.

Identities are random mixes of scans, not likenesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.people.people import BROWN, DARK, Colour, Light

from .backdrop import Backdrop
from .camera import Camera
from .cut import FULL
from .headphones import Headphones
from .headwear import Cap
from .tailoring import Cut as Tailoring


@dataclass(frozen=True, slots=True)
class Member:
    """One of the cast.

    Args:
        name: Of the file.
        seed: Of the identity.
        female: Which body carries the clothes.
        skin: Photographed skin.
        tone: Factors of the skin's colours.
        hair: A name of `cut.CUTS`, and changes to it.
        melanin, redness, grey: Of hair, beard and brows.
        flushed: How red cheeks, nose and ears are.
        beard_dm: Length of the beard's hairs; 0 for none.
        shadow: How dark a shaved beard shows.
        brow, brow_count: Thickness of the brows, and how many hairs they have; 1 is usual.
        brow_up: How much higher the brows are, dm.
        brow_arch: How much they bend; 1 is usual for a woman.
        lashes: Hairs on a card of an upper lid.
        iris: From pupil to rim.
        cloth, gauge: Colour of the cloth, and coarseness of its stitches.
        tailoring: Its cut.
        light: See there; its exposure is not used.
        stops: Exposure beside the camera's own, in stops; dark skin needs 0.8 to 1.0 more.
        wall, wall_gain: Where in the room the camera looks, and how bright it is.
        distance_dm: From the camera to the eyes.
        share: Height of the head as a share of the picture.
        roll, yaw, pitch: Of the head, degrees.
        gaze: Beside the lens: to the right and up, degrees.
        aside: How far the head is beside the middle of the picture, as a share.
        torso: How far the body is turned, to the picture's right, degrees; `yaw` is against the
            camera.
        lips: How much of the lips' own colour they show; None: as is usual for a man or a woman.
        freckled: How many freckles nose and cheeks have, in [0, 1].
        uneven: How uneven skin is in the picture's plane; 1 is usual.
        bent: How much the picture is bent, so that a face's halves differ: see `finish.uneven`.
        forms: How much more contrast the skin's forms get: see `finish.deepened`; none is usual.
        stripe: Colour of the cloth's stripes; "" for none.
        wall_blur: How far the room behind is out of focus, in 512ths of the picture.
        camera: What they are seen by, if not on film; without a backdrop always a camera.
        noise: Seed of the noise in what is seen by it.
        cap: A knitted cap, if any.
        headphones: Headphones, if any.
        place, backdrop: Of what comes with Blender, where a film camera sees the person, and how;
            without a backdrop the room is behind.
        rest: How the face rests.
    """

    name: str
    seed: int
    female: bool
    skin: str
    hair: tuple[str, Mapping[str, Any]]
    melanin: float
    redness: float
    iris: tuple[Colour, Colour, Colour]
    cloth: Colour
    light: Light
    stops: float
    grey: float = 0.0
    tone: tuple[float, float, float] = (1.0, 1.0, 1.0)
    flushed: float = 0.5
    beard_dm: float = 0.0
    shadow: float = 0.0
    brow: float = 1.0
    brow_up: float = 0.0
    brow_arch: float = 1.0
    brow_count: float = 1.0
    lashes: int = 50
    gauge: float = 1.0
    tailoring: Tailoring = field(default_factory=Tailoring)
    wall: float = 0.475
    wall_gain: float = 0.5
    distance_dm: float = 8.0
    share: float = 0.60
    roll: float = 2.5
    yaw: float = 3.0
    pitch: float = -1.5
    gaze: tuple[float, float] = (-1.5, -2.0)
    aside: float = 0.0
    torso: float = 0.0
    lips: float | None = None
    freckled: float = 0.0
    uneven: float = 1.0
    bent: float = 0.006
    forms: tuple[float, ...] = ()
    stripe: Colour = ""
    wall_blur: float = 5.0
    camera: Camera | None = None
    noise: int = 1
    cap: Cap | None = None
    headphones: Headphones | None = None
    place: str = "interior"
    backdrop: Backdrop | None = None
    rest: Mapping[str, float] = field(default_factory=dict)


def rest(
    smile: float, lids: float, lips: float = 0.08, uneven: float = 0.12, squint: float = 0.28
) -> Mapping[str, float]:
    """A face at ease with a hint of warmth, a little more at one side."""
    both = {"mouthSmile": smile, "cheekSquint": 0.6 * smile, "eyeSquint": squint, "eyeBlink": lids}
    sides = {}
    for name, weight in both.items():
        sides[f"{name}Left"] = weight * (1 + uneven)
        sides[f"{name}Right"] = weight * (1 - uneven)
    return {**sides, "mouthShrugLower": lips}


GREY = ("6f7268", "56626a", "1c2226")

WINDOW_LEFT = Light((-6.8, 3.0, 5.6), 620, fill_w=14, rim_w=50, key_dm=5.5, room=0.22)
FACING = Light((-5.0, 3.5, 8.0), 380, fill_w=40, rim_w=60, key_dm=11.0, room=0.5)

BESIDE_WINDOW = Light((-6.2, 3.2, 6.2), 500, fill_w=10, rim_w=100, key_dm=4.5, room=0.18)
FOR_A_PERSONA = replace(BESIDE_WINDOW, fill_w=24, rim_w=40, room=0.30)
BESIDE_WINDOW_RIGHT = replace(BESIDE_WINDOW, key_at=(6.0, 3.2, 6.4))
FOR_A_PERSONA_RIGHT = replace(BESIDE_WINDOW_RIGHT, fill_w=26, rim_w=60, room=0.30)
BEFORE_WINDOW_RIGHT = Light((5.0, 3.6, 7.5), 330, fill_w=25, rim_w=90, key_dm=6.0, room=0.45)

AT_A_SCREEN = Light((-6.0, 2.4, 6.0), 500, fill_w=14, rim_w=60, key_dm=5.0, room=0.40)
IN_THE_ROOM = Light(
    (-4.0, 1.0, 7.0), 110, 0, 0, 4.0, room=0.60, key_tint=(0.80, 0.90, 1.0), toward=0.97,
    mirrored=0.2,
)  # fmt: skip
"""What the room that is seen behind lights a face with, and a screen."""


def lit_by_room(turn: float) -> Light:
    """What lights a face in front of some place in the room: the room, and a lamp above."""
    lamp, warm = (2.5, 7.0, 4.0), (1.0, 0.95, 0.88)
    return Light(lamp, 170, 0, 0, 4.0, ROOM_LIGHT, key_tint=warm, toward=turn, mirrored=0.45)


def place_in_room(turn: float, stops: float) -> Backdrop:
    """That place as bright as `lit_by_room` and an exposure make it."""
    return Backdrop(turn, 58.0, 0.005, WALLS_LIT * ROOM_LIGHT * 2**stops, 0.7)


ROOM_LIGHT, WALLS_LIT = 0.5, 1.236
"""Strength of the room's light, and how much brighter the lamp makes the walls."""

DESK, WARDROBE = 0.21, 0.94
"""Places in the room, as shares of a full turn: a wall with a desk lamp, the window behind the
camera, to the right; a wardrobe and a glass door, the window at the left."""

AT_DESK = replace(IN_THE_ROOM, key_at=(-1.5, 0.5, 7.0), key_w=40, toward=DESK, mirrored=0.7)
"""The room with the window behind the camera, and a screen that hardly shows."""

LIKE_SKIN = (1.0, 1.2, 1.25, 1.25)
"""A little more contrast: with twice as much, which photographs have, skin is called blotchy."""

T_SHIRT = Tailoring(drop=0.24, more=0.08, stiff=0.12)
JUMPER = Tailoring(drop=0.13, more=0.10, stiff=0.2, loose=0.15, band=0.22, thick=0.03)

LOW = tuple((ahead, height - 0.03 * (ahead > 0.3)) for ahead, height in FULL)

MAN_4 = Member(
    "man-4", 301, False, "middleage_lightskinned_male_diffuse2",
    ("buzz", {"hairline": LOW, "peaks": 0.13, "soft": 0.34, "sides": 0.04, "top": 0.07}),
    0.92, 0.04, BROWN, "2e3336", AT_A_SCREEN, 0.65,
    backdrop=Backdrop(0.03, 58.0, 0.005, 0.5, 0.9),
    freckled=0.4, uneven=1.5, flushed=0.8, beard_dm=0.020, shadow=0.5, brow=1.2, brow_up=-0.01,
    brow_arch=0.6, brow_count=1.4, lashes=90, distance_dm=6.0, share=0.58,
    torso=10.0, roll=3.0, yaw=2.2, pitch=-0.5, aside=0.03, gaze=(0.0, -0.6),
    headphones=Headphones(), camera=Camera(blotches=0.013, quality=55), noise=5,
    tailoring=Tailoring(drop=0.44, loose=0.16, more=0.12, stiff=0.1),
    rest={**rest(0.36, 0.0, uneven=0.2, squint=0.12), "browOuterUpLeft": 0.12},
)  # fmt: skip

IN_DIM_LIGHT = Camera(
    white=(1.06, 1.0, 0.90), px=280, left=0.55, noise=0.06, blotches=0.012, quality=58
)
"""A camera that shows more of its noise, on the face as on the wall."""

CALLER = replace(
    MAN_4, beard_dm=0.014, bent=0.003, uneven=0.7, forms=LIKE_SKIN, camera=IN_DIM_LIGHT
)  # fmt: skip
"""What people who are seen in a call by this room's light have in common."""

CAST = (
    Member(
        "man-1", 205, False, "young_lightskinned_male_diffuse", ("fringe", {}),
        0.72, 0.20, BROWN, "3d4750", FOR_A_PERSONA, 0.95,
        backdrop=Backdrop(0.53, 62.0, 0.010, 0.42, 0.8, mirrored=True),
        freckled=0.3, beard_dm=0.016, shadow=0.36, brow=1.25, brow_up=-0.01, brow_arch=0.5,
        brow_count=1.5, lashes=110, share=0.58,
        torso=8.0, roll=2.0, yaw=3.0, pitch=-2.0, aside=0.0, gaze=(-0.3, -0.5),
        tailoring=T_SHIRT, rest=rest(0.30, 0.0, squint=0.10),
    ),
    Member(
        "woman-1", 202, True, "middleage_darkskinned_female_diffuse", ("coils", {}),
        0.98, 0.05, DARK, "39434d", BEFORE_WINDOW_RIGHT, 0.9, wall=0.40, wall_gain=0.8,
        wall_blur=0.8, tone=(1.10, 1.26, 1.20), brow_count=1.1, lashes=150,
        cap=Cap(colour="7f6a5c", front=0.52, side=0.24, skew=-0.05, slack=0.16, seed=9),
        share=0.62, torso=-11.0, roll=-3.5, yaw=-5.0, aside=-0.04, gaze=(-0.3, -0.6),
        tailoring=JUMPER, rest=rest(0.46, 0.08, uneven=0.22),
    ),
    Member(
        "man-2", 206, False, "old_lightskinned_male_diffuse2",
        ("thin", {"sides": 0.17, "strands": 60_000}),
        0.62, 0.1, GREY, "5d6670", WINDOW_LEFT, 0.45, wall=0.20, grey=0.6, tone=(0.94, 0.98, 1.0),
        flushed=0.45, beard_dm=0.05, shadow=0.25, brow=1.2, brow_count=1.1, lashes=26, roll=2.0,
        tailoring=replace(JUMPER, drop=0.14, stiff=0.25, band=0.24, thick=0.035),
        rest=rest(0.20, 0.2),
    ),
    Member(
        "woman-2", 4438, True, "middleage_lightskinned_female_diffuse2", ("loose", {}),
        0.45, 0.30, BROWN, "5a2f33", FOR_A_PERSONA_RIGHT, 0.9,
        backdrop=Backdrop(0.47, 62.0, 0.010, 0.42, 0.8), brow=0.95, brow_count=1.35, lashes=110,
        share=0.58, torso=-9.0, roll=-2.5, yaw=-3.5, pitch=-2.0, aside=0.0, gaze=(0.3, -0.5),
        freckled=0.25, tailoring=replace(T_SHIRT, drop=0.21),
        rest=rest(0.46, 0.05, uneven=0.2, squint=0.18),
    ),
    Member(
        "man-3", 203, False, "young_darkskinned_male_diffuse", ("buzz", {}),
        0.98, 0.05, DARK, "2f3a33", WINDOW_LEFT, 1.1, wall=0.80, tone=(1.6, 1.2, 0.98),
        beard_dm=0.02, shadow=0.4, brow=1.25, brow_count=1.3, lashes=50, roll=2.0,
        tailoring=T_SHIRT, rest=rest(0.24, 0.14),
    ),
    Member(
        "woman-3", 214, True, "middleage_lightskinned_female_diffuse2",
        ("tied", {"bun": 0.31, "peaks": 0.06}),
        0.55, 0.2, BROWN, "4a5a6a", WINDOW_LEFT, 0.4, wall=0.02, grey=0.45, brow=1.0,
        brow_count=0.9, lashes=45, roll=-2.0, yaw=3.0, tailoring=JUMPER, rest=rest(0.28, 0.16),
    ),
    MAN_4,
    replace(
        MAN_4, name="man-4-in-room", light=IN_THE_ROOM, stops=0.45,
        backdrop=Backdrop(0.03, 58.0, 0.005, 0.85, 0.9),
        beard_dm=0.014, uneven=0.7, bent=0.003, forms=LIKE_SKIN,
        camera=Camera(
            white=(1.06, 1.0, 0.90), px=310, left=0.38, blotches=0.012, quality=58
        ),
    ),
    replace(
        CALLER, name="man-4-at-desk", light=AT_DESK, stops=0.45,
        backdrop=Backdrop(DESK, 58.0, 0.005, 0.844, 0.9),
    ),
    replace(
        CALLER, name="man-3-in-room", seed=203, tone=(0.40, 0.30, 0.24),
        hair=("crop", {"peaks": 0.06, "soft": 0.24}), melanin=0.98, redness=0.03, iris=DARK,
        cloth="39424e", stops=0.7, light=lit_by_room(DESK), backdrop=place_in_room(DESK, 0.7),
        flushed=0.5, freckled=0.1, beard_dm=0.024, shadow=0.25, brow=1.35, brow_count=1.7,
        lashes=110, roll=-2.5, yaw=-2.6, torso=-9.0, aside=-0.02, gaze=(0.0, -0.5),
        headphones=Headphones(colour="24262a"), noise=7, lips=0.72, uneven=0.4, forms=(),
        rest=rest(0.24, 0.02, uneven=0.2, squint=0.12),
    ),
    replace(
        CALLER, name="man-5-in-room", seed=3004, tone=(0.22, 0.165, 0.13), hair=("close", {}),
        melanin=1.0, redness=0.02, iris=DARK, cloth="4a3034", stops=1.05,
        light=lit_by_room(WARDROBE), backdrop=place_in_room(WARDROBE, 1.05), flushed=0.2,
        freckled=0.0, beard_dm=0.014, shadow=0.5, brow=1.2, brow_count=1.5, lashes=90,
        roll=2.5, yaw=2.6, torso=8.0, aside=0.02, gaze=(0.0, -0.5),
        headphones=Headphones(colour="5c5f63", pad="2a2b2d"), noise=3, lips=0.72, uneven=1.0,
        camera=replace(IN_DIM_LIGHT, noise=0.05, glare=0.13, veil=0.02, contrast=0.6),
        rest=rest(0.34, 0.04, uneven=0.2, squint=0.14),
    ),
)  # fmt: skip
"""All of them."""


def chosen(names: Sequence[str]) -> list[Member]:
    """The members of some names; all for none.

    Raises:
        ValueError: A name is unknown; the message lists those that there are.
    """
    known = {member.name: member for member in CAST}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no {', '.join(unknown)} in the cast: it has {', '.join(known)}")
    return [known[name] for name in names or known]
