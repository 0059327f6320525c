"""What a notebook shows, and how light its pictures are."""

import io

import matplotlib
import matplotlib.pyplot as plt
import nbclient
import numpy as np
import pytest
import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from line_fit import Line, Rows
from matplotlib_inline.backend_inline import configure_inline_support
from nbformat import v4
from PIL import Image

import d2lmini as d2l
from d2lmini.support import displays, pictures
from d2lmini.support.living import SIGNS


class Keeping(d2l.ProgressBoard):
    """A draw of the reader's own, which leaves drawing to others."""

    def draw(self, x, y, label, every_n=1):
        self.data.setdefault(label, []).append((x, y))


class Drawing(Keeping):
    """One that draws by itself."""

    def draw(self, x, y, label, every_n=1):
        super().draw(x, y, label)
        self.fig = self.fig or plt.figure()
        (self.axes or plt).plot(*zip(*self.data[label], strict=True))


def fit(board=None, **options):
    model = Line()
    model.board = board or d2l.ProgressBoard(**options)
    d2l.Trainer(2).fit(model, Rows())
    return model.board


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """The IPython of a notebook, in this process; it keeps what cells show."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setattr("sys.displayhook", None)  # put back afterwards
    for settled in (displays.pyplot, displays._shell):
        settled.cache_clear()  # as in a process that has just begun
    vars(configure_inline_support).pop("current_backend", None)
    shell = InteractiveShell.instance()
    shell.kernel = None  # by which a shell is known as that of a notebook
    shell.display_pub = CapturingDisplayPublisher(parent=shell)
    shell.user_ns.update(globals())
    with matplotlib.rc_context({"interactive": True}):
        plt.close("all")  # what another test has left would be shown, too
        plt.switch_backend("module://matplotlib_inline.backend_inline")
        yield shell
        plt.close("all")
    plt.switch_backend("agg")
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def num_shown(shell):
    """Return the number of new pictures, and forget about them."""
    outputs = shell.display_pub.outputs
    assert all("image/png" in output["data"] for output in outputs)
    number = sum(not output["update"] for output in outputs)
    outputs.clear()
    return number


# The cells of a notebook, and how many pictures each of them shows.
NOTEBOOK = """
1 board = fit(); plt.title("Later"); plt.savefig("/dev/null"); plt.show()
1 board.fig
0 board.flush()
2 fit(), fit()
2 fit(); d2l.plot([1, 2])
1 [fit(axes=axes) for axes in plt.subplots(1, 2)[1]]
1 fit(axes=plt.subplots()[1]).reset()
1 fit(fig=plt.figure(figsize=(2, 2)))
0 fit(display=False).redraw()
1 fit(Keeping())
1 fit(Keeping(axes=plt.subplots()[1]))
1 fit(Drawing())
1 fit(Drawing(fig=plt.figure()))
1 plt.plot([1, 2]); plt.show()
1 board = d2l.ProgressBoard(); board.draw(1, 1, "a"); plt.show()
0 board.axes.set_title("Later")
1 board.draw(2, 0, "b"); board.flush(); board.flush()
0 board.draw(3, 0, "a"); board.reset()
"""


def test_each_fit_in_a_notebook_is_one_picture(shell, capsys):
    for line in NOTEBOOK.strip().splitlines():
        number, _, source = line.partition(" ")
        shell.run_cell(source).raise_error()
        assert num_shown(shell) == int(number), source
    assert "epoch" not in capsys.readouterr().out  # the curve says it all


def test_a_picture_appears_and_is_renewed_while_the_cell_runs(shell):
    board = d2l.ProgressBoard()
    for x in range(9):
        board._next_redraw = 0  # as if its time had come
        board.draw(x, x, "a")
    shell.events.trigger("post_execute")  # adds nothing to what is shown
    outputs = shell.display_pub.outputs
    assert [output["update"] for output in outputs] == [False] + [True] * 8
    assert outputs[0]["transient"] == outputs[8]["transient"]
    outputs.clear()
    board.draw(9, 9, "a")
    board.fig.canvas.required_interactive_framework = "qt"
    board.flush()  # a window is live by itself
    del shell.kernel  # and a terminal shows none
    fit().redraw()
    assert outputs == []


FIT = "history = d2l.Trainer(2).fit(d2l.LinearRegression(0.1), data)"


def test_jupyter_shows_curves_also_when_they_come_first(monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    head = """import torch, d2lmini as d2l
data = d2l.SyntheticRegressionData(torch.ones(2), 0, 0.1, 8, 8, 4)\n"""
    svg = "%config InlineBackend.figure_format = 'svg'\n"
    sources = head + FIT, FIT, svg + FIT, "%matplotlib agg\n" + FIT
    notebook = v4.new_notebook(cells=[*map(v4.new_code_cell, sources)])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    found = [min(output.data) for c in notebook.cells for output in c.outputs]
    assert found == ["image/png"] * 2 + ["image/svg+xml"] * 2


def test_a_palette_holds_the_frequent_colors_and_the_rest_is_near_to_one():
    """As seen: what is transparent has a color of less weight."""
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (400, 4), np.uint8)
    places = [*range(256)] * 60 + [*range(256, 400)]
    places = rng.permutation(places).reshape(48, 323)
    few = pictures._with_palette(Image.fromarray(colors[places]))
    seen = colors * np.insert(colors[:, 3:] / [[255] * 3], 3, 1, axis=1)
    offsets = np.linalg.norm(seen[:, None] - seen[:256], axis=2)
    expected = colors[offsets.argmin(axis=1)][places]
    assert few.mode == "P" and np.array_equal(few.convert("RGBA"), expected)


NOISE = np.random.default_rng(0).integers(0, 256, (110, 110, 3), np.uint8)
SHADES = np.stack(np.meshgrid(np.arange(110), np.arange(110), 60), axis=-1)
SHADES = SHADES.reshape(110, 110, 3).astype(np.uint8)

# What is drawn, with the mode and the largest size of its picture, and whether
# that is sharper than it is shown.
PIXELS = {
    "curves": (NOISE[:1, :1], "P", 20_000, 2),
    "tones": (NOISE[:16, :16, 0], "P", 3000, 2),
    "noise": (NOISE, "RGBA", 20_000, 1),
    "photo": (SHADES, "P", 5000, 2),
}


@pytest.mark.parametrize("name", PIXELS)
def test_pictures_are_light_and_keep_their_tones(name, shell):
    pixels, mode, num_bytes, sharpness = PIXELS[name]
    with matplotlib.rc_context():
        d2l.set_style()
        figure = plt.figure(figsize=(2, 2), dpi=50)
        figure.gca().plot([[0, 3, 1], [2, 2, 0]])
        figure.figimage(pixels, cmap="gray", vmin=0, vmax=255)
    displays.show(figure)
    (output,) = shell.display_pub.outputs
    data, size = (output[key]["image/png"] for key in ("data", "metadata"))
    few, full = Image.open(io.BytesIO(data)), io.BytesIO()
    assert few.mode == mode and len(data) < num_bytes
    box = figure.get_tightbbox().padded(0.1)
    figure.savefig(full, dpi=100, bbox_inches=box)
    full = Image.open(full)
    assert size == {"width": full.width // 2, "height": full.height // 2}
    assert few.size == (full.size if sharpness == 2 else (*size.values(),))
    same_size = few, full.resize(few.size)
    both = [np.asarray(image.convert("RGBA"), int) for image in same_size]
    assert abs(np.subtract(*both)).mean() < (3 if name == "photo" else 1)


def test_letters_keep_their_tones_beside_a_photo():
    """A shade off would leave them less contrast than they need."""
    figure = plt.figure(figsize=(3, 3))
    x, y = np.meshgrid(np.arange(150), np.arange(300))
    figure.figimage(np.stack((x, y * 2 // 3, (x + y) // 3), -1).astype("u1"))
    tones = {"#767676": (118, 118, 118, 255), "#3775cb": (55, 117, 203, 255)}
    for y, color in enumerate(tones):
        figure.text(0.6, 0.2 + 0.4 * y, "Ink", color=color, fontsize=12)
    figure.text(0, 0, "", color="red")  # a tone that is nowhere seen
    picture = Image.open(io.BytesIO(pictures.png(figure)[0]))
    assert picture.mode == "P"
    seen = np.asarray(picture.convert("RGBA")).reshape(-1, 4)
    for tone in tones.values():
        assert (seen == tone).all(axis=1).sum() > 100


# Living figures.


def test_its_numbers_lie_beside_its_picture():
    fig, plain = (plt.figure(figsize=(2, 1)) for _ in range(2))
    points = torch.tensor([[1 / 3, 2.0]])
    d2l.living(fig, "map", shows={"loss": 0.1 + 0.2}, points=points, n=(3, "a"))
    found = pictures.png(fig)[1]["living"]
    assert found["data"] == {"points": [[0.333333, 2.0]], "n": [3, "a"]}
    assert (found["name"], found["shows"]) == ("map", {"loss": 0.3})
    assert found["load"] == {}
    assert "living" not in pictures.png(plain)[1]


def test_packed_numbers_are_nearly_the_same():
    matrix = torch.tensor([[-1e3, 0.5], [2.0, 0.5], [1e3, 0.5], [0.1, 0.5]])
    packed = d2l.pack(matrix)
    pairs = zip(packed["codes"][::2], packed["codes"][1::2], strict=True)
    levels = [64 * SIGNS.index(a) + SIGNS.index(b) for a, b in pairs]
    found = torch.tensor(levels).reshape(4, 2) * torch.tensor(packed["step"])
    found += torch.tensor(packed["low"])
    torch.testing.assert_close(found, matrix, atol=2000 / 8190, rtol=0)
