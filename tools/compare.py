"""Compares what a cell shows with what it showed when it was stored.

nbval compares texts to the letter or, where numbers vary, not at all, and
never looks at pictures and tracebacks. Two keys in the metadata of a cell say
how far what it shows may vary:

    within      the factor between two numbers, such as 50 for a time
    picture     "coarse": two curves may look alike; "size": no more than that
"""

import io
import json
import re
from base64 import b64decode
from functools import cache
from importlib.metadata import version

import numpy as np
from claims import value
from notebooks import ROOT, shorten
from PIL import Image
from section import living, pictures

TEXT = "text/plain", "text/html", "text/markdown"
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
# Numbers of trained networks drifted by up to 0.3 % under two threads and
# AVX-512; a band of an accuracy begins 2.3 % below the stored number.
WITHIN = 1.02
# Pictures are compared in squares of so many points: the side, and the largest
# difference of a color (of 255) that passes. Under two threads and AVX-512 it
# was 0 but for trained networks, and there 5 when coarse, or 16 on a processor
# of another maker; a digit that is another makes 25, two fits that are
# exchanged 30 when coarse.
FINE, COARSE = (8, 12), (32, 20)


@cache
def is_pinned(package):
    """Tell whether what is stored was made with this version of a package.

    An older Python has older versions, which draw and report otherwise.
    """
    pin = f"{package}=={version(package)}"
    names = ("requirements.txt", "constraints.txt")
    pins = "\n".join((ROOT / name).read_text("utf-8") for name in names)
    found = re.findall(rf"^{re.escape(pin)}(?![\w.]).*$", pins, re.M)
    return any("<" not in line for line in found)


def differences(cell, outputs):
    """Return how the new outputs of a cell differ from its own, as sentences.

    Texts are compared if the cell has the tag nbval-ignore-output.
    """
    varies = "nbval-ignore-output" in cell.metadata.get("tags", [])
    how = cell.metadata.get("picture", "coarse" if varies else "fine")
    found = []
    if varies:
        factor = cell.metadata.get("within", WITHIN)
        found += in_text(text(cell.outputs), text(outputs), factor)
    else:  # nbval looks at no metadata; the last of six digits may differ
        found += in_text(start(cell.outputs), start(outputs), 1.00001)
    if is_pinned("matplotlib"):
        found += in_pictures(pictures(cell.outputs), pictures(outputs), how)
    if is_pinned("ipython"):
        stored, new = tracebacks(cell.outputs), tracebacks(outputs)
        if stored != new:
            found.append(f"the traceback was\n{stored}\nand is\n{new}")
    return found


def text(outputs):
    """Return what outputs print and return, as one text."""
    found = [output.get("text", "") for output in outputs]
    data = [output.get("data", {}) for output in outputs]
    found += [each.get(kind, "") for each in data for kind in TEXT]
    return "\n".join([*found, start(outputs)])


def start(outputs):
    """Return the numbers that living figures start from, as one text."""
    found = [[p["shows"], p["data"]] for p in map(living, outputs) if p]
    return json.dumps(found, sort_keys=True)


def in_text(stored, new, factor):
    """Compare two texts: the words, and numbers up to a factor."""
    skeletons = (" ".join(NUMBER.sub("#", t).split()) for t in (stored, new))
    if len(set(skeletons)) > 1:
        return [f"the text was\n{stored}\nand is\n{new}"]
    pairs = zip(NUMBER.findall(stored), NUMBER.findall(new), strict=True)
    return [
        f"the number was {a} and is {b}, not within a factor of {factor}"
        for a, b in pairs
        if not is_near(a, b, factor)
    ]


def is_near(a, b, factor):
    """Compare two numbers as written; their last place may differ by one."""
    decimals = len(a.partition(".")[2])
    last = 10.0**-decimals if decimals and "e" not in a else 0
    a, b = value(a), value(b)
    low, high = sorted((abs(a), abs(b)))
    return a * b >= 0 and high <= factor * low + last * (1 + 1e-9)


def in_pictures(stored, new, how):
    """Compare two lists of pictures, encoded in PNG and base64."""
    if len(stored) != len(new):
        return [f"there were {len(stored)} pictures and are {len(new)}"]
    found = []
    side, limit = COARSE if how == "coarse" else FINE
    for a, b in zip(stored, new, strict=True):
        if same_pixels([a], [b]):
            continue
        a, b = squares(a, side), squares(b, side)
        if a.shape != b.shape:
            found.append("the picture has another size")
        elif how != "size" and (most := abs(a - b).max()) > limit:
            what = f"another color by {most} of 255, where {limit} pass"
            found.append(f"the picture has {what}")
    return found


def same_pixels(stored, new):
    """Tell whether two lists of pictures are equal, whatever their bytes."""
    return list(map(decoded, stored)) == list(map(decoded, new))


def decoded(picture):
    return Image.open(io.BytesIO(b64decode(picture))).convert("RGBA")


def squares(picture, side):
    """Return the mean colors of the squares of a picture on white."""
    colors = decoded(picture).convert("RGBa").reduce(side)
    colors = np.asarray(colors, dtype=int)
    return colors[:, :, :3] + 255 - colors[:, :, 3:]


def tracebacks(outputs):
    """Return tracebacks without colors, numbers of cells and foreign frames."""
    parts = [p for o in outputs for p in shorten(o.get("traceback", []))]
    plain = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(parts))
    return re.sub(r"In\[\d+\]", "In[]", plain).strip()


def listing(folder):
    """Return (file, time of its last change) for what lies in a folder.

    Notebooks have no time: an editor may save them meanwhile.
    """
    return {
        (path.name, path.suffix != ".ipynb" and path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if ".ipynb_checkpoints" not in path.parts
    }
