"""Packs the site and what its notebooks need into one archive, to take along.

    python tools/archive.py

The same files give the same archive, byte for byte, wherever it is packed.
"""

import zipfile
from pathlib import Path

import repository
from section import ROOT, paths

OURS = ".py", ".mplstyle", ".csv"
NAMES = """
README.md run-it-yourself.md LICENSE LICENSE-TEXT pyproject.toml _toc.yml
requirements.txt requirements/extras.txt constraints.txt lab/growth.csv
""".split()


def notebooks():
    """Return {name in the archive: path} of notebooks and what they need."""
    package = [p for p in (ROOT / "d2lmini").rglob("*") if p.suffix in OURS]
    found = [*paths(), *package, *(ROOT / name for name in NAMES)]
    return {path.relative_to(ROOT).as_posix(): path for path in found}


def files():
    """Return the same, and the site."""
    built = ROOT / "_build" / "html"
    site = {
        f"site/{path.relative_to(built).as_posix()}": path
        for path in built.rglob("*")
        if path.is_file() and path.name not in (".buildinfo", "objects.inv")
    }
    return site | notebooks()


def pack(folder):
    """Write the archive into a folder and return its path."""
    target = Path(folder) / f"{repository.archive()}.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, files())
    return target


def write(target, contents):
    """Write an archive of {name: path}, in a folder of its name."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(contents.items()):
            entry = zipfile.ZipInfo(f"{target.stem}/{name}")  # dated 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    print(pack(ROOT / "dist").relative_to(ROOT))
