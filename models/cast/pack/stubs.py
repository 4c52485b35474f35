"""Empty libraries in place of those that bpy links and a render on a CPU does not use.

`python -m models.cast.pack.stubs BPY OUT LIBRARY ...`: for each LIBRARY of BPY/lib, OUT/LIBRARY has
the symbols that the rest of bpy asks for, and nothing in them. Needs `nm`, `readelf` and `gcc`.
x86-64 Linux only. README.md names the libraries that may be replaced.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def needed(libraries: list[Path]) -> set[str]:
    """Names of the symbols that some libraries take from others."""
    lines = "".join(_output("nm", "-D", "--undefined-only", path) for path in libraries)
    return {line.split()[-1].split("@")[0] for line in lines.splitlines() if line.strip()}


def defined(library: Path) -> Iterator[tuple[str, bool, int]]:
    """Symbols of a library: name, whether it is a function, and size in bytes."""
    for line in _output("nm", "-D", "--defined-only", "-S", library).splitlines():
        fields = line.split()
        if len(fields) >= 3:
            size = int(fields[1], 16) if len(fields) == 4 else 0
            yield fields[-1].split("@")[0], fields[-2] in "TWt", size


def assembly(symbols: dict[str, tuple[bool, int]]) -> str:
    """Source of functions that return 0, and of data that is 0."""
    code, data = [".text"], [".data"]
    for name, (function, size) in symbols.items():
        kind = "function" if function else "object"
        head = f'.globl "{name}"\n.type "{name}",@{kind}'
        if function:
            code.append(f'{head}\n"{name}": xor %eax,%eax\n ret\n.size "{name}",.-"{name}"')
        else:
            room = max(size, 8)
            data.append(f'{head}\n.balign 32\n"{name}": .zero {room}\n.size "{name}",{room}')
    return "\n".join([*code, *data, ""])


def stub(library: Path, wanted: set[str], out: Path) -> int:
    """Write the empty library; gives the number of its symbols."""
    symbols = {n: (function, size) for n, function, size in defined(library) if n in wanted}
    found = re.search(r"SONAME.*\[(.*)\]", _output("readelf", "-d", library))
    soname = found.group(1) if found else library.name
    with tempfile.NamedTemporaryFile("w", suffix=".s") as source:
        source.write(assembly(symbols))
        source.flush()
        made = out / library.name
        _output("gcc", "-shared", "-nostdlib", "-o", made, f"-Wl,-soname,{soname}", source.name)
    return len(symbols)


def main() -> None:
    """Write a stub for each library that is named."""
    bpy, out, *names = sys.argv[1:]
    folder = Path(bpy, "lib")
    Path(out).mkdir(parents=True, exist_ok=True)
    others = [path for path in folder.glob("*.so*") if path.name not in names]
    wanted = needed([Path(bpy, "__init__.so"), *others])
    for name in names:
        print(name, stub(folder / name, wanted, Path(out)), "symbols")


if __name__ == "__main__":
    main()
