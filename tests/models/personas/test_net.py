"""The persona as a network, before it has learnt anything."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState

for _needed in ("torch", "PIL"):
    if find_spec(_needed) is None:
        pytest.skip(f"personas are learnt with {_needed!r}", allow_module_level=True)

# These need what was looked for above.
import torch  # noqa: E402

from models.personas.aperture import turn_terms  # noqa: E402
from models.personas.boxes import EYE_BOXES  # noqa: E402
from models.personas.camera import SIDE_PX  # noqa: E402
from models.personas.net import FACE, PersonaNet  # noqa: E402
from models.personas.states import face  # noqa: E402
from models.personas.warp import UNIT_PX, Turn  # noqa: E402

WARP_ERROR = 1e-4
"""Fetching a picture from where it is costs this much of its range, by rounding."""


@pytest.fixture
def net() -> PersonaNet:
    chance = np.random.default_rng(1)
    torch.manual_seed(1)
    half = SIDE_PX // 2
    luma = chance.random((SIDE_PX, SIDE_PX), np.float32)
    chroma = chance.random((2, half, half), np.float32)
    wall = luma.mean() + np.zeros_like(luma), np.zeros_like(chroma)
    cover = chance.random((SIDE_PX, SIDE_PX), np.float32)
    net: PersonaNet = PersonaNet((luma, chroma), wall, cover).eval().requires_grad_(False)
    return net


def _faces(*states: FaceState) -> torch.Tensor:
    return torch.tensor(np.stack([state.values for state in states]))


def test_a_face_at_rest_shows_the_plate(net: PersonaNet) -> None:
    drawn = net(_faces(FaceState.of()))
    assert torch.allclose(drawn.luma, net.luma[:, :, :SIDE_PX], atol=WARP_ERROR)
    assert torch.allclose(drawn.chroma, net.chroma[:, :, : SIDE_PX // 2], atol=WARP_ERROR)


def test_with_the_head_at_rest_nothing_moves_outside_the_face(net: PersonaNet) -> None:
    net.skin.nodes.normal_(std=0.02)
    states = [face("train", "mouth", 3), face("train", "eyes", 4)]
    changed = (net(_faces(*states)).luma - net.luma[:, :, :SIDE_PX]).abs()
    assert changed[:, :, FACE.rows, FACE.columns].max() > 0.1
    changed[:, :, FACE.rows, FACE.columns] = 0.0
    assert changed.max() < WARP_ERROR


def test_faces_of_a_batch_do_not_touch_each_other(net: PersonaNet) -> None:
    faces = _faces(face("train", "whole", 1), face("train", "whole", 2))
    both = net(faces)
    alone = net(faces[1:])
    assert torch.allclose(both.luma[1:], alone.luma, atol=1e-5)
    assert torch.allclose(both.chroma[1:], alone.chroma, atol=1e-5)


def test_the_room_stays_when_the_head_turns(net: PersonaNet) -> None:
    net.head.about.nodes.normal_(std=0.05)
    net.cover.zero_()
    net.wall_luma.copy_(net.luma)
    net.wall_chroma.copy_(net.chroma)
    drawn = net(_faces(FaceState.of(headYaw=0.2, headRoll=0.1)))
    assert torch.allclose(drawn.luma, net.luma[:, :, :SIDE_PX], atol=WARP_ERROR)
    assert torch.allclose(drawn.chroma, net.chroma[:, :, : SIDE_PX // 2], atol=WARP_ERROR)


def test_motion_is_corrected_at_the_place_where_it_leads() -> None:
    size, shift_px, node = 128, 64, 20
    turn = Turn(1, (5, 5), (33, 33), torch.ones(size), torch.ones(size)).requires_grad_(False)
    turn.about.nodes.view(2, 5, 5)[0] = shift_px / UNIT_PX
    turn.exactly.nodes.view(2, 33, 33)[1, node, node] = 1.0
    (across, down) = turn(torch.ones(1, 1))[0]
    row, column = divmod(int(down.argmax()), 2 * size)
    there = node / 32 * SIDE_PX
    assert abs(2 * row - there) <= 4
    assert abs(2 * column - (there - shift_px)) <= 4
    middle = across[size, size]  # towards the edges splines of few nodes fall off
    assert middle == pytest.approx(shift_px / UNIT_PX, rel=0.01)


def test_taking_the_eyes_out_leaves_skin_in_the_plate(net: PersonaNet) -> None:
    before = net.luma.clone()
    net.separate()
    moved = (net.luma - before).abs()[0, 0] > 1e-6
    rows, columns = np.nonzero(moved.numpy())
    assert len(rows) > 100
    for row, column in zip(rows, columns, strict=True):
        assert any(
            box.y <= row < box.y + box.height and box.x <= column < box.x + box.width
            for box in EYE_BOXES.values()
        )


def test_a_look_along_one_axis_has_terms_of_that_axis_only() -> None:
    (terms,) = turn_terms(torch.tensor([[0.5, 0.0]])).tolist()
    assert terms == [0.5, 0.0, 0.25, 0.0, 0.0, 0.125, 0.0, 0.0, 0.0]
