"""The picture that stands for the book where it is linked to."""

import shutil
from pathlib import Path

import fonts

CARD = "A curve like a bowl with three dots that roll down to its lowest point"


def write_card(path):
    import matplotlib.font_manager as manager
    import matplotlib.pyplot as plt
    import numpy as np

    faces = [fonts.FACES[name] for name in ("serif", "sans")]
    words = [manager.FontProperties(fname=face) for face in faces]
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


def finish(app, exception):
    if exception or app.builder.name != "html":
        return
    kept = Path(app.doctreedir) / "card.png"
    if not kept.exists():
        write_card(kept)
    shutil.copy(kept, Path(app.outdir) / "_static" / "card.png")


def add_text(app, pagename, template, context, doctree):
    context["card_alt"] = CARD


def setup(app):
    app.connect("html-page-context", add_text)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
