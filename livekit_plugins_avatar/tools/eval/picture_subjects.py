"""What `eval picture` judges: personas, where they were made of a picture with it, and the truth.

A folder holds pictures and persona files. A folder with `truth.json` is one person: a picture of
each face, `NAME.png`, of the same size and from the same place, and `truth.json` with the
parameters of each, `{"neutral": {}, "aa": {"jawOpen": 0.6}}`. The persona is made of `neutral.png`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...face.state import FaceState
from ...render.persona import BUILT_IN, Persona, PersonaError
from .. import portrait
from ..portrait.canvas import framed
from ..portrait.landmarks import faces, landmarks
from ..portrait.picture import read

TRUTH = "truth.json"
NEUTRAL = "neutral"
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
PERSONA = ".onnx"

RGB = NDArray[np.uint8]


class SubjectError(ValueError):
    """Something cannot be judged; the message says what, and why."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What a person looks like with a face.

    Args:
        face: The face.
        picture: uint8 [H, W, 3], framed as the persona's.
    """

    face: FaceState
    picture: RGB


@dataclass(frozen=True, slots=True)
class Subject:
    """One persona to be judged.

    Args:
        name: Of the file or the folder.
        persona: The persona.
        picture: What it was made of, framed as it draws; None where that is unknown.
        truth: What it should look like, by name of the picture.
    """

    name: str
    persona: Persona
    picture: RGB | None = None
    truth: Mapping[str, Shot] = field(default_factory=dict)


def found(places: Sequence[str]) -> list[Path | str]:
    """What there is to judge in folders, in the order of their names.

    Raises:
        SubjectError: A place is not there, or holds nothing.
    """
    sources: list[Path | str] = []
    for place in places:
        path = Path(place)
        if place in BUILT_IN:
            sources.append(place)
        elif path.is_file() or (path / TRUTH).is_file():
            sources.append(path)
        elif path.is_dir():
            sources += sorted(each for each in path.iterdir() if _judged(each))
        else:
            raise SubjectError(f"{place} is no folder, no file and no built-in persona")
    if not sources:
        raise SubjectError(
            f"{', '.join(places)}: there is no picture, no persona file and no folder with {TRUTH}"
        )
    return sources


def subject(source: Path | str, scratch: Path) -> Subject:
    """Make ready what was found.

    Args:
        source: One of `found`.
        scratch: Folder for the persona files that are made.

    Raises:
        SubjectError: It cannot be judged.
    """
    try:
        if isinstance(source, str) or source.suffix == PERSONA:
            return Subject(Path(source).stem, Persona.load(source))
        if source.is_dir():
            return _person(source, scratch)
        pictures = {NEUTRAL: source}
        return _made(source.stem, pictures, {}, scratch)
    except (PersonaError, portrait.PictureError) as error:
        raise SubjectError(str(error)) from error


def _judged(path: Path) -> bool:
    return (path / TRUTH).is_file() or path.suffix.lower() in (*PICTURES, PERSONA)


def _person(folder: Path, scratch: Path) -> Subject:
    try:
        told = json.loads((folder / TRUTH).read_text())
        shown = {name: FaceState.from_dict(face) for name, face in told.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise SubjectError(
            f"{folder / TRUTH} does not fit ({type(error).__name__}: {error}): it holds parameters "
            "of a FaceState by the name of their picture"
        ) from error
    files = {name: folder / f"{name}.png" for name in {NEUTRAL: None, **shown}}
    return _made(folder.name, files, shown, scratch)


def _made(
    name: str, files: Mapping[str, Path], shown: Mapping[str, FaceState], scratch: Path
) -> Subject:
    pictures = {each: read(path).pixels for each, path in files.items()}
    neutral = pictures[NEUTRAL]
    made = portrait.make(files[NEUTRAL], right="It is measured, and deleted.", name=name)
    persona = Persona.load(made.save(scratch / f"{name}{PERSONA}"))
    face = landmarks(neutral, faces(neutral)[0])
    for each, picture in pictures.items():
        if picture.shape != neutral.shape:
            raise SubjectError(f"{files[each]} is not of the size of {files[NEUTRAL]}")
    truth = {
        each: Shot(state, framed(neutral, face, pictures[each])) for each, state in shown.items()
    }
    return Subject(name, persona, framed(neutral, face), truth)


def subjects(places: Sequence[str], scratch: Path) -> Iterator[Subject | SubjectError]:
    """Everything in some places, one after the other; in place of what cannot be judged, why."""
    for source in found(places):
        try:
            yield subject(source, scratch)
        except SubjectError as error:
            yield error
