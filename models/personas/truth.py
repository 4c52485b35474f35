"""Packs the pictures that a persona is judged by into the repository.

`python -m models.personas.truth man --pictures FOLDER`: the pictures of purpose "truth" as WebP
beside `states.json`, which says what face each of them shows, in the form that
`livekit-avatar eval persona` reads. Compression costs about 45 dB, well above what is asked for.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from PIL import Image

from .boxes import BOXES, Box
from .camera import SIDE_PX
from .folder import Folder
from .states import REGIONS

QUALITY = 93
WHOLE = Box(0, 0, SIDE_PX, SIDE_PX)


def pack(folder: Folder, target: Path) -> int:
    """Write the set; returns its size in bytes."""
    target.mkdir(parents=True, exist_ok=True)
    rows = []
    for region in REGIONS:
        box = BOXES.get(region, WHOLE)
        for index in folder.there("truth", region):
            name = f"{region}-{index:03d}.webp"
            picture = Image.fromarray(folder.picture("truth", region, index))
            picture.save(target / name, quality=QUALITY, method=6)
            shown = folder.face("truth", region, index).as_dict()
            rows.append(
                {
                    "file": name,
                    "region": region,
                    "box": [box.x, box.y, box.width, box.height],
                    "face": {axis: round(value, 6) for axis, value in shown.items() if value},
                }
            )
    (target / "states.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    return sum(path.stat().st_size for path in target.iterdir())


def main() -> None:
    """Pack what has been rendered."""
    parser = ArgumentParser(prog="python -m models.personas.truth", description=__doc__)
    parser.add_argument("person")
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER")
    args = parser.parse_args()
    target = Path(__file__).parent / args.person / "truth"
    size = pack(Folder(args.pictures, args.person), target)
    print(f"{target}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
