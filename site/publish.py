"""What the site is published with: theme, fonts, card, sitemap, address."""

import re
from html import unescape
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import notebooks
from fontTools import subset

HERE = Path(__file__).resolve().parent
# Their packages list them by a pattern, in which a folder [1] is not itself.
SERIF = files("font_source_serif_pro") / "files"
SANS = files("font_source_sans_pro") / "files"
FACES = {
    "serif": str(SERIF / "SourceSerifPro-Regular.otf"),
    "serif-italic": str(SERIF / "SourceSerifPro-It.otf"),
    "serif-bold": str(SERIF / "SourceSerifPro-Semibold.otf"),
    "sans": str(SANS / "SourceSansPro-Regular.otf"),
    "sans-bold": str(SANS / "SourceSansPro-Semibold.otf"),
    "math": str(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"),
}
LETTERS = [*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2010, 0x2027)]
LETTERS += [0x2190, 0x2192, 0x2212, 0x2248, 0x2264, 0x2265]
# A browser slants a single letter by itself: these stand for it.
SLANTED = [0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)]
CARD = "A curve like a bowl with three dots that roll down to its lowest point"


def address(app):
    """Return where the site is published, as GitHub Pages derives it."""
    if app.config.html_baseurl:
        return app.config.html_baseurl
    owner, name = urlsplit(notebooks.site()[0]).path.strip("/").split("/")
    return f"https://{owner}.github.io/{name}/"


def prepare(app, config):
    config.html_baseurl = address(app)
    app.add_html_theme("theme", str(HERE / "theme"))


def in_formulas(folder):
    """Return the characters that the formulas of all pages are made of.

    A root is an element, so that its sign is in no text.
    """
    pages = "".join(p.read_text("utf-8") for p in folder.rglob("*.html"))
    formulas = "".join(re.findall(r"<math.*?</math>", pages, re.S))
    text = "√" + unescape(re.sub("<[^>]*>", "", formulas))
    return sorted(set(map(ord, text)))


def mend_roots(font):
    """Give all root signs one width, and the root more room below its bar.

    Chromium 156 reserves the width of the widest sign for every root, which
    leaves a gap behind most. So the wider ones reach out to the left instead.
    """
    table = font["MATH"].table
    room = table.MathConstants
    room.RadicalVerticalGap.Value = room.RadicalDisplayStyleVerticalGap.Value
    variants = table.MathVariants
    root = font.getBestCmap()[ord("√")]
    signs = variants.VertGlyphConstruction[
        variants.VertGlyphCoverage.glyphs.index(root)
    ]
    signs.GlyphAssembly = None
    names = [record.VariantGlyph for record in signs.MathGlyphVariantRecord]
    metrics = font["hmtx"]
    width = (metrics[names[0]][0] + metrics[names[1]][0]) // 2
    for name in names:
        advance, bearing = metrics[name]
        glyph = font["glyf"][name]
        glyph.coordinates.translate((width - advance, 0))
        glyph.recalcBounds(font["glyf"])
        metrics[name] = width, bearing + width - advance


def write_fonts(folder, symbols):
    """Write the letters that the book uses of each face, for the web.

    The licence allows it under another name, with itself beside the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = subset.Options(flavor="woff2", name_IDs=[0, 13, 14])
    for name, path in FACES.items():
        font = subset.load_font(path, options)
        cut = subset.Subsetter(options)
        cut.populate(unicodes=symbols if name == "math" else LETTERS)
        cut.subset(font)
        if name == "math":
            mend_roots(font)
        subset.save_font(font, folder / f"{name}.woff2", options)
    licence = Path(FACES["serif"]).with_name("LICENSE.txt")
    (folder / "LICENSE.txt").write_bytes(licence.read_bytes())


def write_card(path):
    """Draw the picture that stands for the book where it is linked to."""
    import matplotlib.font_manager as fonts
    import matplotlib.pyplot as plt
    import numpy as np

    words = [fonts.FontProperties(fname=FACES[n]) for n in ("serif", "sans")]
    figure, ax = plt.subplots(figsize=(12, 6.3), facecolor="#fdfcf9")
    ax.set(position=(0, 0, 1, 1), xlim=(-7.6, 2.4), ylim=(-1, 4.25))
    ax.axis("off")
    x = np.linspace(-1.6, 1.6, 100)
    ax.plot(x, x**2, color="#3c4248", linewidth=14, solid_capstyle="round")
    x = np.array([-1.2, -0.7, 0])
    ax.scatter(x, x**2, [700, 1200, 2000], "#c2571a", zorder=3)
    ax.text(-6.9, 1.9, "D2L Mini", size=76, color="#1f2328", font=words[0])
    lines = "The first chapters of deep learning,\nas notebooks that run today"
    ax.text(-6.9, 0.5, lines, size=25, color="#59606a", font=words[1])
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def write_sitemap(app, folder):
    pages = sorted(app.env.found_docs)
    links = [f"{app.config.html_baseurl}{page}.html" for page in pages]
    entries = "".join(f"<url><loc>{link}</loc></url>\n" for link in links)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<urlset xmlns="{schema}">\n{entries}</urlset>\n'
    (folder / "sitemap.xml").write_text(text, "utf-8")


def root_links(app, path):
    """Let the links of 404.html start at the root: it is shown anywhere."""
    root = urlsplit(app.config.html_baseurl).path
    html = path.read_text("utf-8")
    relative = r'(href|src|action)="(?!#|/|https?:)'
    path.write_text(re.sub(relative, rf'\1="{root}', html), "utf-8")


def finish(app, exception):
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    symbols = in_formulas(folder) + SLANTED
    write_fonts(folder / "_static" / "fonts", symbols)
    write_card(folder / "_static" / "card.png")
    write_sitemap(app, folder)
    root_links(app, folder / "404.html")


def add_address(app, pagename, template, context, doctree):
    logo = (HERE / "theme" / "static" / "logo.svg").read_text("utf-8")
    logo = re.sub(r"<style>.*</style>", "", logo, flags=re.S)
    context |= {
        "address": app.config.html_baseurl,
        "card_alt": CARD,
        "logo": logo.replace("<svg", '<svg aria-hidden="true"'),
    }


def setup(app):
    # Jupyter Book sets it, for an extension that the book does without.
    app.add_config_value("comments_config", {}, "")
    app.connect("config-inited", prepare)
    app.connect("html-page-context", add_address)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
