"""Where the scanned head and the photographed skins lie, each checked by its hash before use.

The data is no part of the repository: README.md says what it is, where it comes from and under
which licence. `PEOPLE_ASSETS` names the folder, by default `../shared/assets` beside the checkout.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

FOLDER = Path(
    os.environ.get("PEOPLE_ASSETS", Path(__file__).parents[3] / "shared" / "assets")
).resolve()

HEAD = "ict_light.npz"

HASHES = {
    HEAD: "519560fb89c957a0822d04c3f48b6ba9510a70541b5fa289304742939a10cda6",
    "skins/middleage_darkskinned_female_diffuse.png": (
        "a95eb5c872988545dfb921cbc9259073b10585d753a7e8dd89f4531b2b988352"
    ),
    "skins/middleage_darkskinned_male_diffuse.png": (
        "7ce352d6ff651d9db70d07f64e560b3c8f3e1f6b56d06fd7ec95183e42ab5ab1"
    ),
    "skins/middleage_lightskinned_female_diffuse2.png": (
        "e4d2bdfba6d5b8ce085ad2c1112fa5d913793eb3b7ca50b2322f88c69b6a808d"
    ),
    "skins/middleage_lightskinned_male_diffuse.png": (
        "35de8ab16ca971004c7a9452ee6d74844460f583d52b4391e4e702d3d9e85768"
    ),
    "skins/middleage_lightskinned_male_diffuse2.png": (
        "517546a50035bc597112364e3806d98f3091eec7c29930549dbb7434a49b0d4a"
    ),
    "skins/old_darkskinned_male_diffuse.png": (
        "2870cd04ab3bfaa9fa54d68f8359a8d4cb44b9617dac3d30d974a640181db4a4"
    ),
    "skins/old_lightskinned_male_diffuse2.png": (
        "ae62cf8a76eb3dd531429189e2d61d4bb265a87d40924c9b9962c55f29387fc0"
    ),
    "skins/young_darkskinned_male_diffuse.png": (
        "65f718d623ab48864f7bfb25eec82ffd93f6a4dd058a56e05c40566e964ab94b"
    ),
    "skins/young_lightskinned_female_diffuse2.png": (
        "7aca96593126ca608a2c046df0c7e29221a2343cea5ff828ea24747246152d56"
    ),
    "skins/young_lightskinned_female_diffuse3.png": (
        "30d9662a3514ecee973ef4e23e49c7b00e78466b18dcc6ce35cc64e79ddc7ab7"
    ),
    "skins/young_lightskinned_male_diffuse.png": (
        "4a02af5e7daa941696cf3e2a38e9649b939712ac026b3a610360c45bb040f969"
    ),
    "skins/young_lightskinned_male_diffuse3.png": (
        "4a6abc3cad57df9451eb0c1c7913d3bce5035ab43429ebc7840e9f2a2c7bd4f4"
    ),
}
"""SHA-256 by name within the folder."""


class AssetError(RuntimeError):
    """A file is not there, or is another one; the message names it."""


def asset(name: str) -> Path:
    """The path of a file, after its hash was found to be right.

    Raises:
        AssetError: It is not there, or it is another file.
    """
    path = FOLDER / name
    if not path.is_file():
        raise AssetError(f"{path} is not there: set PEOPLE_ASSETS to the folder that holds {name}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != HASHES[name]:
        raise AssetError(f"{path} is not the file that models/people/README.md names")
    return path
