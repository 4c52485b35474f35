"""People at random: bodies that the data's population and face targets make.

Takes the anatomy's identity targets; gives heads without pose and size, whose principal components
are the identity modes of the rig.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..personas import anatomy
from ..personas.anatomy import Points

MACRO = "macrodetails"
FOLDERS = ("head", "eyes", "mouth", "nose", "chin", "cheek", "forehead", "eyebrows", "neck")
"""Targets of a face; `expression` is none of the identity."""

CHANGED = 24
"""Face targets that a person at random has."""

SPREAD = 0.4
"""Standard deviation of their weights."""

ASYMMETRIES, ASYMMETRY = 4, 0.2


@cache
def _names(folder: str) -> tuple[str, ...]:
    files = (anatomy.data_folder() / "mpfb2" / "targets" / folder).glob("*.target.gz")
    return tuple(sorted(f"{folder}/{file.name.removesuffix('.target.gz')}" for file in files))


@cache
def _changes() -> tuple[tuple[str, ...], ...]:
    """Face targets; left and right are one change."""
    left = [name for folder in FOLDERS for name in _names(folder) if "/r-" not in name]
    return tuple((name, name.replace("/l-", "/r-")) if "/l-" in name else (name,) for name in left)


def average() -> Points:
    """A body in the middle of the adult population, float64 [N, 3]."""
    return _adult(0.5, 0.3, np.full(3, 1 / 3), 0.0, 0.0)


def at_random(chance: np.random.Generator) -> Points:
    """An adult at random, float64 [N, 3]."""
    body = _adult(
        float(chance.random()),
        float(chance.beta(0.8, 1.2)),
        chance.dirichlet(np.full(3, 0.6)),
        float(chance.normal(0, 0.3)),
        float(chance.normal(0, 0.4)),
    )
    for index in chance.choice(len(_changes()), CHANGED, replace=False):
        weight = min(abs(float(chance.normal(0, SPREAD))), 1.0)
        for name in _changes()[index]:
            body += weight * anatomy.target(name)
    for name in chance.choice(_names("asym"), ASYMMETRIES, replace=False):
        body += ASYMMETRY * abs(float(chance.normal())) * anatomy.target(str(name))
    return body


def _adult(male: float, old: float, race: Points, muscle: float, weight: float) -> Points:
    """A mixture of the populations' averages.

    Args:
        male, old: Shares in [0, 1].
        race: Shares of African, Asian and Caucasian, which add up to 1.
        muscle, weight: From -1, least, to 1, most.
    """
    body: Points = anatomy.base_mesh().vertices.copy()
    for gender, of_gender in (("male", male), ("female", 1 - male)):
        for age, of_age in (("old", old), ("young", 1 - old)):
            share = of_gender * of_age
            for name, of_race in zip(("african", "asian", "caucasian"), race, strict=True):
                body += share * of_race * anatomy.target(f"{MACRO}/{name}-{gender}-{age}")
            for fat, of_fat in _three(weight):
                for strong, of_strong in _three(muscle):
                    name = f"{MACRO}/universal-{gender}-{age}-{strong}muscle-{fat}weight"
                    body += share * of_fat * of_strong * anatomy.target(name)
    return body


def _three(amount: float) -> list[tuple[str, float]]:
    amount = float(np.clip(amount, -1, 1))
    shares = (("min", max(-amount, 0.0)), ("average", 1 - abs(amount)), ("max", max(amount, 0.0)))
    return [(name, share) for name, share in shares if share > 0]
