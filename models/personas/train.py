"""Learns a persona from its pictures.

`python -m models.personas.train man --pictures FOLDER --minutes 20`: from whatever pictures are
there by now. The plate comes from the widest picture, motion from the figure, mouth and eyes from
their crops, and the light on a turned head from whole pictures. What has been learnt lies beside
the pictures as `net.pt`; run again, it goes on from there, or `--start` from a persona file.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .boxes import BOXES, Box
from .folder import Folder
from .i420 import planes
from .net import Decoder, PersonaNet, cut
from .start import taught, untaught
from .states import Region
from .warp import Motion, Picture, ramp, strain

PER_STEP: Mapping[Region, int] = {"mouth": 6, "eyes": 6, "whole": 2}
"""Pictures per step."""

RATES = {
    "dense": 1e-3,
    "light": 1e-3,
    "eyeballs": 5e-4,
    "plate": 2e-4,
    "head": 3e-4,
    "motion": 1e-4,
}
"""Adam's steps: decoders and light from nothing; eyeballs half known; a plate and motions nearly
right, the head's less than the skin's, for what it hides matters as well."""

DECAY = 1.0
"""Of what decoders and light remember: it shall not be single pictures."""

STIFFNESS = 20.0
"""Weight of what motion learns from pictures and that differs from node to node."""

LEARNT: Mapping[Region, Box] = {"mouth": Box(168, 216, 176, 176), "eyes": Box(184, 176, 144, 66)}
PUT_BACK_PX = 14
"""Where the plate learns from crops, and how softly that ends."""

SQUARES = 6.0
"""Weight of the squared error against the absolute one: the latter keeps edges sharp, the former is
what is judged."""

PLAIN_WEIGHT = 0.25
"""How much a place counts that never changes."""

LOG_EVERY = 100

STAGES = ("motion", "eyeballs", "mouth", "eyes", "plate", "light")
"""In this order; each builds on what those before it have left."""


class Lessons:
    """Faces and planes of one region, all in memory."""

    def __init__(self, folder: Folder, region: Region) -> None:
        indices = folder.there("train", region)
        if not indices:
            raise SystemExit(f"there are no pictures for {region} yet: run models.personas.render")
        faces = np.stack([folder.face("train", region, index).values for index in indices])
        pictures = [planes(folder.picture("train", region, index)) for index in indices]
        self.faces = torch.tensor(faces)
        self.luma = torch.tensor(np.stack([luma for luma, _ in pictures]))[:, None]
        self.chroma = torch.tensor(np.stack([chroma for _, chroma in pictures]))
        self._weights = [_weights(plane) for plane in (self.luma, self.chroma)]
        self._sure = [torch.ones(1, 1, 1, 1)] * 2

    def __len__(self) -> int:
        return len(self.faces)

    def error(self, drawn: Picture, chosen: Tensor) -> Tensor:
        """How far pictures are off those of the indices `chosen`, luma and the two chroma planes
        counting alike.

        What changes from picture to picture counts more: most of a crop is skin that hardly does,
        and hair, whose noise cannot be learnt.
        """
        loss = torch.zeros(())
        planes = zip(drawn, (self.luma, self.chroma), self._weights, self._sure, strict=True)
        for got, wanted, weight, sure in planes:
            off = got - wanted[chosen]
            counts = weight * sure[chosen % len(sure)]
            loss = loss + got.shape[1] * (counts * (off.abs() + SQUARES * off * off)).mean()
        return loss

    def some(self, count: int) -> tuple[Tensor, Tensor]:
        """A few of them, drawn at random: their faces and their indices."""
        chosen = torch.randint(len(self), (count,))
        return self.faces[chosen], chosen

    def but(self, unsure: Callable[[Tensor], Tensor]) -> Lessons:
        """The same faces, of which some pixels do not count.

        Args:
            unsure: How much of each pixel of a face's picture, [1, 1, H, W] in [0, 1].
        """
        part = copy(self)
        with torch.no_grad():
            rows = [unsure(self.faces[at : at + 1]) for at in range(len(self))]
        sure = 1 - torch.cat(rows)
        part._sure = [sure, functional.avg_pool2d(sure, 2)]
        return part

    def cut(self, box: Box) -> Lessons:
        """The same faces, of which only a box is looked at."""
        part = copy(self)
        part.luma, part.chroma = cut(Picture(self.luma, self.chroma), box)
        part._weights = list(cut(Picture(*self._weights), box))
        if len(self._sure[0]) > 1:
            part._sure = list(cut(Picture(*self._sure), box))
        return part

    def less(self, drawn: Callable[[Tensor], Picture]) -> Lessons:
        """The same faces, with what `drawn` shows of each taken away."""
        rest = copy(self)
        with torch.no_grad():
            shown = [drawn(self.faces[at : at + 1]) for at in range(len(self))]
        rest.luma = self.luma - torch.cat([picture.luma for picture in shown])
        rest.chroma = self.chroma - torch.cat([picture.chroma for picture in shown])
        return rest


def trusted(folder: Folder, region: Region, net: PersonaNet) -> Lessons:
    """The lessons of a region, without the lights in the eyes, which their pictures have lost (see
    `reflection`)."""
    all_of_it = Lessons(folder, region)
    return all_of_it.but(net.shine) if region == "eyes" else all_of_it


def _weights(planes_of_all: Tensor) -> Tensor:
    """How much each place counts, 1 on average, [1, 1, H, W]."""
    changing = planes_of_all.std(dim=0).mean(dim=0)[None, None]
    return PLAIN_WEIGHT + (1 - PLAIN_WEIGHT) * changing / changing.mean()


def learn_eyeballs(net: PersonaNet, lessons: Lessons, minutes: float) -> None:
    """Teach the balls and the lids around them, without the decoder, which would remember faces
    before anything else had understood them."""
    rendered = Picture(net.luma.detach().clone(), net.chroma.detach().clone())
    named = [each for eye in net.apertures for each in eye.named_parameters()]
    balls = [each for name, each in named if not name.startswith("reflection.")]
    optimiser = torch.optim.Adam(
        [
            {"params": balls, "lr": RATES["eyeballs"]},
            {"params": [net.luma, net.chroma], "lr": RATES["plate"]},
            {"params": [*net.skin.parameters(), *net.lids.parameters()], "lr": RATES["motion"]},
        ]
    )

    left = _leaving(net.skin, net.lids.motion)

    def loss() -> Tensor:
        faces, chosen = lessons.some(PER_STEP["eyes"])
        return lessons.error(net.crop(faces, "eyes", decoded=False), chosen) + left()

    _descend(f"{len(lessons)} crops of eyeballs", optimiser, loss, minutes)
    _put_back(net, rendered, ["eyes"])


def learn_plate(net: PersonaNet, crops: Mapping[Region, Lessons], minutes: float) -> None:
    """Teach the plate and the balls what all moving parts leave of the crops."""
    rendered = Picture(net.luma.detach().clone(), net.chroma.detach().clone())
    balls = [plane for eye in net.apertures for plane in (eye.luma, eye.chroma)]
    optimiser = torch.optim.Adam([net.luma, net.chroma, *balls], RATES["plate"])

    def decoded(region: Region, faces: Tensor) -> Picture:
        crop, moved = net.crop(faces, region), net.crop(faces, region, decoded=False)
        return crop.minus(moved)

    left = {region: own.less(partial(decoded, region)) for region, own in crops.items()}

    def loss() -> Tensor:
        total = torch.zeros(())
        for region, own in left.items():
            faces, chosen = own.some(PER_STEP[region] // 2)
            total = total + own.error(net.crop(faces, region, decoded=False), chosen)
        return total

    _descend(f"the plate, {sum(map(len, crops.values()))} crops", optimiser, loss, minutes)
    _put_back(net, rendered, crops)


def _put_back(net: PersonaNet, rendered: Picture, regions: Iterable[Region]) -> None:
    """The plate as it was but around eyes or mouth: a crop leaves marks along its edges."""
    learnt = torch.zeros_like(net.luma)
    for box in map(LEARNT.__getitem__, regions):
        share = ramp(box.height, PUT_BACK_PX)[:, None] * ramp(box.width, PUT_BACK_PX)
        there = learnt[:, :, box.rows, box.columns]
        there[:] = torch.maximum(there, share)
    with torch.no_grad():
        for plane, before, share in zip(
            (net.luma, net.chroma),
            rendered,
            (learnt, functional.avg_pool2d(learnt, 2)),
            strict=True,
        ):
            plane[:] = before + share * (plane - before)


def learn_decoder(net: PersonaNet, region: Region, lessons: Lessons, minutes: float) -> None:
    """Teach one decoder what all that comes before it leaves of its region.

    That stays as it is, so it is drawn once; and half precision will do for what is left. A step
    costs a tenth of one that learns everything.
    """
    part: Decoder = getattr(net, region)
    painted = part.box.within(BOXES[region])

    def others(faces: Tensor) -> Picture:
        return cut(net.crop(faces, region), painted).minus(part(faces))

    left = lessons.cut(painted).less(others)
    optimiser = torch.optim.AdamW(part.parameters(), RATES["dense"], weight_decay=DECAY)

    def loss() -> Tensor:
        faces, chosen = left.some(PER_STEP[region])
        with torch.autocast("cpu", torch.bfloat16):
            luma, chroma = part(faces)
        return left.error(Picture(luma.float(), chroma.float()), chosen)

    _descend(f"{len(lessons)} crops of {region}", optimiser, loss, minutes)


def learn_light(net: PersonaNet, lessons: Lessons, minutes: float) -> None:
    """Teach the light on a turned head, and how the plate moves with it.

    Faces stay as they are, so what they change of the plate is drawn once for each picture. The
    plate stays too: taught by heads that are placed to a pixel and no better, its hair would blur.
    """
    with torch.no_grad():
        drawn = [net.changes(lessons.faces[at : at + 1]) for at in range(len(lessons))]
    luma, chroma = (torch.cat([part[plane] for part in drawn]) for plane in (0, 1))
    left = _leaving(net.head.exactly)
    optimiser = torch.optim.AdamW(
        [
            {"params": net.light.parameters(), "lr": RATES["light"], "weight_decay": DECAY},
            {"params": net.head.parameters(), "lr": RATES["head"], "weight_decay": 0.0},
        ]
    )

    def loss() -> Tensor:
        faces, chosen = lessons.some(PER_STEP["whole"])
        changes = Picture(luma[chosen], chroma[chosen])
        return lessons.error(net.turned(faces, changes), chosen) + left()

    _descend(f"{len(lessons)} turned heads", optimiser, loss, minutes)


def _leaving(*motions: Motion) -> Callable[[], Tensor]:
    """What it costs motions to leave what they are now in one node and not in the next.

    Without it outlines would tear, and nodes beyond a crop's edge would run away: its last pixels
    pull at them a little, always the same way.
    """
    fitted = [motion.nodes.detach().clone() for motion in motions]

    def cost() -> Tensor:
        total = torch.zeros(())
        for motion, before in zip(motions, fitted, strict=True):
            change = (motion.nodes - before).view(-1, motion.rows, motion.columns)
            total = total + STIFFNESS * strain(change)
        return total

    return cost


def _descend(
    what: str, optimiser: torch.optim.Optimizer, loss: Callable[[], Tensor], minutes: float
) -> None:
    """Steps for so many minutes of the processor, with rates that fall to nothing on a cosine."""
    began_s, errors = time.process_time(), []
    rates = [group["lr"] for group in optimiser.param_groups]
    while (share := (time.process_time() - began_s) / (60 * minutes)) < 1:
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * (0.5 * (1 + np.cos(np.pi * share)) + 1e-3)
        error = loss()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(float(error.detach()))
        if len(errors) % LOG_EVERY == 0:
            recent = np.mean(errors[-LOG_EVERY:])
            print(f"{what}: step {len(errors)}, error {recent:.5f}", flush=True)


def main() -> None:
    """Learn from what is there."""
    parser = ArgumentParser(prog="python -m models.personas.train", description=__doc__)
    parser.add_argument("person")
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--minutes", type=float, default=30.0, help="of the processor, for all stages"
    )
    parser.add_argument("--stages", nargs="+", default=STAGES)
    parser.add_argument("--start", type=Path, metavar="FILE", help="a persona file to go on from")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(3)
    folder = Folder(args.pictures, args.person)
    net = untaught(folder)
    kept = folder.plate.with_name("net.pt")
    if kept.exists():
        net.load_state_dict(torch.load(kept, weights_only=True))
    elif args.start:
        taught(net, args.start)
    share = args.minutes / max(1, len([stage for stage in args.stages if stage != "motion"]))
    for stage in args.stages:
        if stage == "motion":
            from .figure import Figure
            from .person import PEOPLE
            from .rigging import fit_ball, fit_edges, fit_head, fit_lids, fit_reflection, fit_skin

            figure = Figure(PEOPLE[args.person])
            print(f"head: {fit_head(figure, net.head):.2f} px off", flush=True)
            print(f"skin: {fit_skin(figure, net.skin):.2f} px off", flush=True)
            print(f"lids: {fit_lids(figure, net.lids, net.skin):.2f} px off", flush=True)
            for eye in net.apertures:
                print(f"ball: {fit_ball(figure, eye):.2f} px off", flush=True)
                print(f"edges: {fit_edges(figure, eye):.4f} of coverage off", flush=True)
                print(f"reflection: {fit_reflection(figure, eye):.4f} of white off", flush=True)
            net.separate()
        elif stage == "plate":
            learn_plate(net, {region: trusted(folder, region, net) for region in LEARNT}, share)
        elif stage == "light":
            learn_light(net, Lessons(folder, "whole"), share)
        elif stage == "eyeballs":
            learn_eyeballs(net, trusted(folder, "eyes", net), share)
        else:
            learn_decoder(net, stage, trusted(folder, stage, net), share)
        torch.save(net.state_dict(), kept)


if __name__ == "__main__":
    main()
