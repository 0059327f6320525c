"""The fonts of the site, cut down to the letters that the book uses."""

import hashlib
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from html import unescape
from importlib.resources import files
from importlib.util import find_spec
from itertools import repeat
from pathlib import Path

from fontTools import subset

# Their packages list them by a pattern, in which a folder [1] is not itself.
SERIF = files("font_source_serif_pro") / "files"
SANS = files("font_source_sans_pro") / "files"
MATH = Path(find_spec("ziamath").origin).parent / "fonts"  # slow to import
FACES = {
    "serif": str(SERIF / "SourceSerifPro-Regular.otf"),
    "serif-italic": str(SERIF / "SourceSerifPro-It.otf"),
    "serif-bold": str(SERIF / "SourceSerifPro-Semibold.otf"),
    "sans": str(SANS / "SourceSansPro-Regular.otf"),
    "sans-bold": str(SANS / "SourceSansPro-Semibold.otf"),
    "math": str(MATH / "STIXTwoMath-Regular.ttf"),
}
LETTERS = [*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2010, 0x2027)]
LETTERS += [0x2190, 0x2192, 0x2212, 0x2248, 0x2264, 0x2265]
# A browser slants a single letter by itself: these stand for it.
SLANTED = [0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)]


def in_formulas(folder):
    """Return the characters that the formulas of all pages are made of.

    A root is an element, so that its sign is in no text.
    """
    pages = "".join(p.read_text("utf-8") for p in folder.rglob("*.html"))
    formulas = "".join(re.findall(r"<math.*?</math>", pages, re.S))
    text = "√" + unescape(re.sub("<[^>]*>", "", formulas))
    return sorted(set(map(ord, text)))


def mend(font):
    """Give a root more room below its bar, and let a fraction in a line of
    text fit into it, with a bar of one pixel. Give all root signs one width.

    Chromium 156 reserves the width of the widest sign for every root, which
    leaves a gap behind most. So the wider ones reach out to the left instead.
    """
    table, metrics = font["MATH"].table, font["hmtx"]
    room, variants = table.MathConstants, table.MathVariants
    room.RadicalVerticalGap.Value = room.RadicalDisplayStyleVerticalGap.Value
    room.FractionNumeratorShiftUp.Value = 430
    room.FractionDenominatorShiftDown.Value = 370
    room.FractionRuleThickness.Value = 54
    root = font.getBestCmap()[ord("√")]
    which = variants.VertGlyphCoverage.glyphs.index(root)
    signs = variants.VertGlyphConstruction[which]
    signs.GlyphAssembly = None
    names = [record.VariantGlyph for record in signs.MathGlyphVariantRecord]
    width = (metrics[names[0]][0] + metrics[names[1]][0]) // 2
    for name in names:
        advance, bearing = metrics[name]
        glyph = font["glyf"][name]
        glyph.coordinates.translate((width - advance, 0))
        glyph.recalcBounds(font["glyf"])
        metrics[name] = width, bearing + width - advance


def write_font(name, folder, symbols):
    """Write the letters that the book uses of a face, for the web."""
    # Hints for coarse screens would be a fifth of the font of formulas.
    options = subset.Options(
        flavor="woff2", name_IDs=[0, 13, 14], hinting=name != "math"
    )
    font = subset.load_font(FACES[name], options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=symbols if name == "math" else LETTERS)
    cut.subset(font)
    if name == "math":
        mend(font)
    subset.save_font(font, folder / f"{name}.woff2", options)


def finish(app):
    """Put the fonts into the site; they are cut anew if a sign is new.

    The license allows it under another name, with itself beside the files.
    """
    symbols = in_formulas(Path(app.outdir)) + SLANTED
    state = f"{symbols} {Path(__file__).read_text('utf-8')}"
    name = hashlib.sha256(state.encode()).hexdigest()[:16]
    kept = Path(app.doctreedir) / f"fonts-{name}"
    terms = kept / "LICENSE.txt"  # the last file that is written
    if not terms.exists():
        kept.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor() as pool:
            list(pool.map(write_font, FACES, repeat(kept), repeat(symbols)))
        shutil.copyfile(Path(FACES["serif"]).with_name(terms.name), terms)
    target = Path(app.outdir) / "_static" / "fonts"
    shutil.copytree(kept, target, dirs_exist_ok=True)
