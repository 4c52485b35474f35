"""The camera that the cast is seen by, and the choice of its members."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.cast.backdrop import Backdrop
from models.cast.body import fitted
from models.cast.camera import Camera
from models.cast.cast import CAST, chosen
from models.cast.film import Film
from models.cast.finish import deepened, textured, uneven
from models.cast.headphones import Headphones, put_on
from models.cast.headwear import Cap, knit_cap, lint
from models.cast.identities import FOUND, best

STILL = Camera(noise=0.0, blotches=0.0, sharpen=0.0, vignette=0.0, veil=0.0, px=64)


def grey(light: float) -> np.ndarray:
    return np.full((64, 64, 3), light)


def test_more_light_is_brighter_and_clips() -> None:
    """The tone curve rises up to white."""
    steps = [0.0, 0.02, 0.1, 0.4, 1.0, 50.0]
    shown = [np.asarray(STILL(grey(light), 64)).mean() for light in steps]
    assert shown[0] < 6
    assert all(low < high for low, high in pairwise(shown))
    assert shown[-1] > 250


def test_a_stop_of_exposure_doubles_the_light() -> None:
    brighter = replace(STILL, exposure=1.0)
    one, other = (np.asarray(made) for made in (brighter(grey(0.1), 64), STILL(grey(0.2), 64)))
    assert np.array_equal(one, other)


def test_noise_is_that_of_its_seed() -> None:
    """The same seed gives the same picture, another seed another."""
    first, same, other = (np.asarray(Camera(px=64)(grey(0.2), 64, seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_picture_has_the_side_that_is_asked_for() -> None:
    assert STILL(grey(0.2), 40).size == (40, 40)


def test_noise_that_is_left_is_patches_of_colour() -> None:
    """Of an even grey, light stays as it is, and colours differ in patches of some pixels."""
    noisy = replace(STILL, blotches=0.03, quality=95)
    shown = np.asarray(noisy(np.full((64, 96, 3), 0.05), 64), float)
    luma = shown @ [0.299, 0.587, 0.114]
    red = shown[..., 0] - luma
    assert shown.shape == (64, 96, 3)
    assert luma.std() < 0.5 * red.std()
    assert np.corrcoef(red[:, 1:].ravel(), red[:, :-1].ravel())[0, 1] > 0.8


def test_an_edge_is_sharpened_with_a_halo() -> None:
    """Beside an edge the bright side is brighter than further away, the dark one darker."""
    step = np.full((64, 64, 3), 0.05)
    step[:, 32:] = 0.3
    row = np.asarray(replace(STILL, sharpen=1.5, quality=95)(step, 64), float)[32].mean(axis=-1)
    assert row[33:37].max() > row[50] + 5
    assert row[27:31].min() < row[12] - 5


def head() -> np.ndarray:
    """A head: points of a ball of 1 dm, with two ears that stick out by 0.3 dm."""
    around, up = np.meshgrid(np.linspace(-np.pi, np.pi, 121)[:-1], np.linspace(-1.5, 1.5, 61))
    ball = np.stack([np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)], -1)
    ears = [
        [side * far, high, 0.0] for side in (-1, 1) for far in (1.1, 1.3) for high in (0.1, 0.6)
    ]
    return np.concatenate([ball.reshape(-1, 3), np.array(ears)])


def test_a_cap_lies_on_the_skull_and_presses_what_sticks_out() -> None:
    """Skin below the brim stays; above it none comes through, and ears lie on the skull."""
    skin = head()
    ears = (np.linalg.norm(skin, axis=1) > 1.05).astype(float)
    worn = knit_cap(Cap(), skin, 0.0, ears)
    low = worn.covered == 0
    assert np.allclose(worn.skin[low], skin[low])
    assert low[skin[:, 1] < -0.4].all() and not low[skin[:, 1] > 0.7].any()
    assert np.linalg.norm(worn.skin[worn.covered == 1], axis=1).max() < 1.02
    assert np.linalg.norm(worn.points, axis=1).min() > 0.95
    assert worn.points[:, 1].min() > -0.5
    assert worn.quads.max() == len(worn.points) - 1 == len(worn.layout) - 1


def test_lint_stands_on_the_cap() -> None:
    """Each hair begins on the cap, leaves it, and is short."""
    worn = knit_cap(Cap(), head(), 0.0, np.zeros(len(head())))
    hairs, _ = lint(worn, 200)
    from_root = np.linalg.norm(hairs - hairs[:, :1], axis=2)
    away = np.linalg.norm(worn.points[None] - hairs[:, :1], axis=2).min(axis=1)
    assert away.max() < 1e-9
    assert from_root[:, -1].min() > 0 and from_root.max() < 0.25


def test_headphones_cover_the_ears_and_press_them() -> None:
    """Cups lie outside the skin with the ears in them, and the band passes over the crown."""
    skin = head()
    ears = (np.linalg.norm(skin, axis=1) > 1.05).astype(float)
    worn = put_on(Headphones(), skin, ears)
    assert np.allclose(worn.skin[ears == 0], skin[ears == 0])
    assert np.abs(worn.skin[ears == 1, 0]).max() < np.abs(skin[ears == 1, 0]).max()
    hard = np.concatenate([part.points for part in worn.hard])
    assert hard[:, 1].max() > skin[:, 1].max()
    for sign in (-1, 1):
        assert (sign * hard[:, 0]).max() > (sign * worn.skin[:, 0]).max()
    band = hard[np.argmax(hard[:, 1])] * [0, 1, 1]
    assert worn.covered[np.argmin(np.linalg.norm(skin - band, axis=1))] == 1
    assert worn.covered[np.argmax(skin[:, 2])] == 0
    for part in (*worn.hard, *worn.soft):
        assert part.quads.max() == len(part.points) - 1


def test_members_have_names_of_their_own() -> None:
    assert len({member.name for member in CAST}) == len(CAST)


def test_members_are_chosen_by_name() -> None:
    """In the order that is asked for, and all where none is named."""
    assert [member.name for member in chosen(["woman-2", "man-1"])] == ["woman-2", "man-1"]
    assert chosen([]) == list(CAST)


def test_an_unknown_member_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"no man-9 in the cast: it has man-1, woman-1"):
        chosen(["man-1", "man-9"])


@pytest.mark.parametrize("name", ["man-3-in-room", "man-5-in-room"])
def test_the_room_that_is_seen_is_the_room_that_lights(name: str) -> None:
    """Light comes from where it does in the room behind."""
    (member,) = chosen([name])
    assert member.backdrop is not None
    assert member.light.toward == member.backdrop.turn


def test_identities_are_found_by_measures() -> None:
    """The face with the widest nose is the first, unless it is crooked."""
    faces = np.random.default_rng(0).normal(0, 0.01, (40, 68, 3))
    faces[[7, 9], 35, 0] += 1.0
    faces[9, 8, 0] = 3.0
    found = best(faces, {"nose": 1.0})
    assert found[0] == 7 and len(found) == FOUND and 9 not in found


def flat(height_dm: float, half_dm: float, count: int = 21) -> tuple[np.ndarray, np.ndarray]:
    """A level sheet that looks up: its vertices and quads."""
    steps = np.linspace(-half_dm, half_dm, count)
    x, z = np.meshgrid(steps, steps, indexing="ij")
    points = np.stack([x.ravel(), np.full(x.size, height_dm), z.ravel()], 1)
    i, j = (k.ravel() for k in np.meshgrid(*2 * [np.arange(count - 1)], indexing="ij"))
    first = i * count + j
    return points, np.stack([first, first + 1, first + count + 1, first + count], 1)


def test_a_body_follows_the_bust_of_the_head_and_keeps_its_arms() -> None:
    """Shoulders that stand 0.2 dm above a bust come down to it; what is far away stays."""
    shoulders, quads = flat(-1.2, 3.0)
    bust, _ = flat(-1.4, 0.9)
    moved = fitted(shoulders, quads, bust)
    across = np.abs(shoulders[:, [0, 2]]).max(axis=1)
    assert np.all(np.abs(moved[across < 0.4, 1] + 1.4) < 0.03)
    assert np.allclose(moved[across > 2.9], shoulders[across > 2.9], atol=0.01)


def test_pictures_may_be_wide() -> None:
    """Each step keeps the width, and film shows it at another height."""
    chance = np.random.default_rng(0)
    light, skin = chance.random((40, 76, 3)), np.ones((40, 76))
    bent = uneven([light, skin])
    assert [plane.shape for plane in bent] == [light.shape, skin.shape]
    assert textured(light, skin, 0.3).shape == light.shape
    assert Film(px=40)(light, 20).size == (38, 20)


def test_forms_of_skin_are_deepened_and_nothing_else() -> None:
    """Waves of about a hundredth of the height have more contrast on skin, the same beside it."""
    x = np.arange(256) * 2 * np.pi / 6
    light = np.repeat((0.3 * (1 + 0.05 * np.sin(x)))[None, :, None], 128, 0).repeat(3, -1)
    skin = np.zeros((128, 256))
    skin[:, :128] = 1.0
    same, more = (deepened(light, skin, gains) for gains in ((1.0, 1.0), (2.0, 2.0)))
    assert np.allclose(same, light)
    assert more[64, 32:96, 0].std() > 1.3 * light[64, 32:96, 0].std()
    assert np.allclose(more[:, 140:], light[:, 140:])


def test_a_mirrored_place_is_seen_the_other_way_round() -> None:
    """The middle of a place stays where it is."""
    place = np.random.default_rng(0).random((32, 64, 3))
    seen = Backdrop(0.5, disc=0.02)
    there, back = (each(place, (24, 40)) for each in (seen, replace(seen, mirrored=True)))
    assert there.shape == (24, 40, 3)
    assert np.allclose(there, back[:, ::-1], atol=1e-9)


@pytest.mark.parametrize(
    ("name", "card_name"), [("filmed-man", "CARD.md"), ("caller", "CALLER.md")]
)
def test_the_card_tells_the_file(name: str, card_name: str) -> None:
    """The card of a built-in one of the cast has the size and the hash of his file."""
    root = Path(__file__).parents[2]
    content = (root / "livekit_plugins_avatar" / "resources" / f"{name}.onnx").read_bytes()
    card = (root / "models" / "cast" / card_name).read_text()
    assert f"{len(content):,} bytes" in card
    assert hashlib.sha256(content).hexdigest() in card
