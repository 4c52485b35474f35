"""Learns a persona from its pictures.

`python -m models.personas.train man --pictures FOLDER --minutes 20`: from whatever pictures are
there by now. The plate comes from the widest picture, motion from the figure, mouth and eyes from
their crops, and then everything together from whole pictures with crops between, so that nothing
learnt before is lost. What has been learnt lies beside the pictures as `net.pt`; run again, it goes
on from there.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .camera import SIDE_PX, WIDE_PX
from .folder import Folder, read
from .i420 import Planes, planes
from .net import Decoder, PersonaNet
from .states import Region
from .warp import Picture

PER_STEP: Mapping[Region, int] = {"mouth": 6, "eyes": 6, "whole": 2}
"""Pictures per step."""

RATES = {"dense": 1e-3, "eyeballs": 5e-4, "plate": 2e-4, "motion": 1e-4}
"""Adam's steps: decoders from nothing; eyeballs half known; a plate and motions nearly right."""

SQUARES = 6.0
"""Weight of the squared error against the absolute one: the latter keeps edges sharp, the former is
what is judged."""

PLAIN_WEIGHT = 0.25
"""How much a place counts that never changes."""

LOG_EVERY = 100

STAGES = ("motion", "eyeballs", "mouth", "eyes", "turning", "whole")
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

    def __len__(self) -> int:
        return len(self.faces)

    def error(self, drawn: Picture, wanted: Picture) -> Tensor:
        """How far pictures are off, luma and the two chroma planes counting alike.

        What changes from picture to picture counts more: most of a crop is skin that hardly does,
        and hair, whose noise cannot be learnt.
        """
        loss = torch.zeros(())
        for got, want, weight in zip(drawn, wanted, self._weights, strict=True):
            off = got - want
            loss = loss + got.shape[1] * (weight * (off.abs() + SQUARES * off * off)).mean()
        return loss

    def some(self, count: int) -> tuple[Tensor, Picture]:
        """A few of them, drawn at random."""
        chosen = torch.randint(len(self), (count,))
        return self.faces[chosen], Picture(self.luma[chosen], self.chroma[chosen])

    def less(self, drawn: Callable[[Tensor], Picture]) -> Lessons:
        """The same faces, with what `drawn` shows of each taken away."""
        rest = copy(self)
        with torch.no_grad():
            shown = [drawn(self.faces[at : at + 1]) for at in range(len(self))]
        rest.luma = self.luma - torch.cat([picture.luma for picture in shown])
        rest.chroma = self.chroma - torch.cat([picture.chroma for picture in shown])
        return rest


def resting(folder: Folder) -> Planes:
    """The resting picture: the middle of the wide plate."""
    left = (WIDE_PX - SIDE_PX) // 2
    return planes(read(folder.plate)[:, left : left + SIDE_PX])


def _weights(planes_of_all: Tensor) -> Tensor:
    """How much each place counts, 1 on average, [1, 1, H, W]."""
    changing = planes_of_all.std(dim=0).mean(dim=0)[None, None]
    return PLAIN_WEIGHT + (1 - PLAIN_WEIGHT) * changing / changing.mean()


def learn_eyeballs(net: PersonaNet, lessons: Lessons, minutes: float) -> None:
    """Teach the balls and the lids around them, together with all that is seen beside them."""
    motions = [*net.skin.parameters(), *net.lids.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": net.eyes.parameters(), "lr": RATES["dense"], "weight_decay": 1e-4},
            {"params": net.apertures.parameters(), "lr": RATES["eyeballs"]},
            {"params": [net.luma, net.chroma], "lr": RATES["plate"]},
            {"params": motions, "lr": RATES["motion"]},
        ],
        weight_decay=0.0,
    )

    def loss() -> Tensor:
        faces, wanted = lessons.some(PER_STEP["eyes"])
        return lessons.error(net.crop(faces, "eyes"), wanted)

    net.mouth.requires_grad_(False)
    _descend(f"{len(lessons)} crops of eyeballs", optimiser, loss, minutes)
    net.mouth.requires_grad_(True)


def learn_decoder(net: PersonaNet, region: Region, lessons: Lessons, minutes: float) -> None:
    """Teach one decoder what all that comes before it leaves of its region.

    That stays as it is, so it is drawn once; and half precision will do for what is left. A step
    costs a tenth of one that learns everything.
    """
    part: Decoder = getattr(net, region)

    def others(faces: Tensor) -> Picture:
        crop, own = net.crop(faces, region), part(faces)
        return Picture(crop.luma - own.luma, crop.chroma - own.chroma)

    left = lessons.less(others)
    optimiser = torch.optim.AdamW(part.parameters(), RATES["dense"], weight_decay=1e-4)

    def loss() -> Tensor:
        faces, wanted = left.some(PER_STEP[region])
        with torch.autocast("cpu", torch.bfloat16):
            luma, chroma = part(faces)
        return left.error(Picture(luma.float(), chroma.float()), wanted)

    _descend(f"{len(lessons)} crops of {region}", optimiser, loss, minutes)


def learn_turning(net: PersonaNet, lessons: Lessons, minutes: float) -> None:
    """Teach how the plate moves with the head, and what turning adds.

    Faces stay as they are, so what they change of the plate is drawn once for each picture. The
    plate stays too: taught by heads that are placed to a pixel and no better, its hair would blur.
    """
    with torch.no_grad():
        drawn = [net.changes(lessons.faces[at : at + 1]) for at in range(len(lessons))]
    luma, chroma = (torch.cat([part[plane] for part in drawn]) for plane in (0, 1))
    optimiser = torch.optim.AdamW(
        [
            {"params": net.turning.parameters(), "lr": RATES["dense"], "weight_decay": 1e-2},
            {"params": net.head.parameters(), "lr": RATES["motion"]},
        ],
        weight_decay=0.0,
    )

    def loss() -> Tensor:
        chosen = torch.randint(len(lessons), (PER_STEP["whole"],))
        wanted = Picture(lessons.luma[chosen], lessons.chroma[chosen])
        changes = Picture(luma[chosen], chroma[chosen])
        return lessons.error(net.turned(lessons.faces[chosen], changes), wanted)

    _descend(f"{len(lessons)} turned heads", optimiser, loss, minutes)


def learn_whole(
    net: PersonaNet, lessons: Lessons, crops: Mapping[Region, Lessons], minutes: float
) -> None:
    """Teach everything together."""
    decoders = [*net.mouth.parameters(), *net.eyes.parameters()]
    eyeballs = net.apertures.parameters()
    motions = [*net.head.parameters(), *net.skin.parameters(), *net.lids.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": net.turning.parameters(), "lr": RATES["dense"]},
            {"params": decoders, "lr": 4e-4},
            {"params": eyeballs, "lr": RATES["eyeballs"] / 2, "weight_decay": 0.0},
            {"params": [net.luma, net.chroma], "lr": RATES["plate"], "weight_decay": 0.0},
            {"params": motions, "lr": RATES["motion"], "weight_decay": 0.0},
        ],
        weight_decay=1e-4,
    )

    def loss() -> Tensor:
        faces, wanted = lessons.some(PER_STEP["whole"])
        total = lessons.error(net(faces), wanted)
        for region, own in crops.items():
            faces, wanted = own.some(PER_STEP[region] // 2)
            total = total + 0.5 * own.error(net.crop(faces, region), wanted)
        return total

    _descend(f"{len(lessons)} whole pictures", optimiser, loss, minutes)


def _descend(
    what: str, optimiser: torch.optim.Optimizer, loss: Callable[[], Tensor], minutes: float
) -> None:
    """Steps for so many minutes, with rates that fall to nothing along a cosine."""
    began_s, errors = time.monotonic(), []
    rates = [group["lr"] for group in optimiser.param_groups]
    while (share := (time.monotonic() - began_s) / (60 * minutes)) < 1:
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
    parser.add_argument("--minutes", type=float, default=30.0, help="for all stages together")
    parser.add_argument("--stages", nargs="+", default=STAGES)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(3)
    folder = Folder(args.pictures, args.person)
    net = PersonaNet(resting(folder))
    kept = folder.plate.with_name("net.pt")
    if kept.exists():
        net.load_state_dict(torch.load(kept, weights_only=True))
    share = args.minutes / max(1, len([stage for stage in args.stages if stage != "motion"]))
    for stage in args.stages:
        if stage == "motion":
            from .figure import Figure
            from .person import PEOPLE
            from .rigging import fit_ball, fit_edges, fit_head, fit_lids, fit_skin

            figure = Figure(PEOPLE[args.person])
            print(f"head: {fit_head(figure, net.head):.2f} px off", flush=True)
            print(f"skin: {fit_skin(figure, net.skin):.2f} px off", flush=True)
            print(f"lids: {fit_lids(figure, net.lids, net.skin):.2f} px off", flush=True)
            for eye in net.apertures:
                print(f"ball: {fit_ball(figure, eye):.2f} px off", flush=True)
                print(f"edges: {fit_edges(figure, eye):.4f} of coverage off", flush=True)
            net.separate()
        elif stage == "whole":
            crops: dict[Region, Lessons] = {
                "mouth": Lessons(folder, "mouth"),
                "eyes": Lessons(folder, "eyes"),
            }
            learn_whole(net, Lessons(folder, "whole"), crops, share)
        elif stage == "turning":
            learn_turning(net, Lessons(folder, "whole"), share)
        elif stage == "eyeballs":
            learn_eyeballs(net, Lessons(folder, "eyes"), share)
        else:
            learn_decoder(net, stage, Lessons(folder, stage), share)
        torch.save(net.state_dict(), kept)


if __name__ == "__main__":
    main()
