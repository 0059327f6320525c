"""Packs the site and what its notebooks need into one archive, to take along.

    python tools/archive.py

The same files give the same archive, byte for byte, wherever it is packed.
"""

import zipfile
from pathlib import Path

import notebooks
import section

ROOT = notebooks.ROOT
NAMES = """
README.md run-it-yourself.md LICENSE LICENSE-TEXT pyproject.toml _toc.yml
requirements.txt requirements/extras.txt constraints.txt lab/growth.csv
""".split()


def files():
    """Return {name in the archive: path}."""
    built = ROOT / "_build" / "html"
    site = {
        f"site/{path.relative_to(built).as_posix()}": path
        for path in built.rglob("*")
        if path.is_file() and path.name not in (".buildinfo", "objects.inv")
    }
    package = [
        path
        for path in (ROOT / "d2lmini").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    rest = [*section.paths(), *package, *(ROOT / n for n in NAMES)]
    return site | {path.relative_to(ROOT).as_posix(): path for path in rest}


def pack(folder):
    """Write the archive into a folder and return its path."""
    target = Path(folder) / f"{notebooks.archive()}.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files().items()):
            entry = zipfile.ZipInfo(f"{target.stem}/{name}")  # dated 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    print(pack(ROOT / "dist").relative_to(ROOT))
