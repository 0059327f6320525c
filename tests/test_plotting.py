"""Figures are judged by the data that they hold."""

import re

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import d2lmini as d2l
from d2lmini import plotting


@pytest.fixture(autouse=True)
def no_figure_left():
    yield
    plt.close("all")


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """IPython itself, in this process, which keeps what cells display."""
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setattr("sys.displayhook", None)  # put back afterwards
    shell = InteractiveShell.instance()
    shell.kernel = None  # by which a shell is known as that of a notebook
    shell.display_pub = CapturingDisplayPublisher(parent=shell)
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()
    plotting._waiting.clear()
    plotting._pictures.clear()


def test_a_terminal_is_no_notebook(shell):
    assert plotting.in_notebook()
    del shell.kernel
    assert not plotting.in_notebook()


def test_style_makes_notebooks_show_light_pictures(shell):
    from IPython.display import display

    with matplotlib.rc_context():
        d2l.set_style()
        figure = plt.figure(figsize=(2, 1))
        figure.gca().plot([0, 1])
        display(figure)
        data, size = plotting._png(figure)
    (shown,) = shell.display_pub.outputs
    assert shown["data"]["image/png"] == data
    assert shown["metadata"]["image/png"] == size


def test_a_board_shows_one_picture_and_updates_it(shell):
    board = d2l.ProgressBoard("x")
    board._next_redraw = 0  # as if it had begun a second ago
    shell.push({"board": board})
    with matplotlib.rc_context():
        d2l.set_style()
        shell.run_cell("for x in range(9): board.draw(x, x, 'a')")
    assert all("image/png" in o["data"] for o in shell.display_pub.outputs)
    first, last = shell.display_pub.outputs[0], shell.display_pub.outputs[-1]
    assert [o["update"] for o in shell.display_pub.outputs[:2]] == [False, True]
    assert first["transient"] == last["transient"]
    assert len(board.axes.lines[0].get_xdata()) == 9
    num_shown = len(shell.display_pub.outputs)
    shell.run_cell("1 + 1")  # nothing waits, so nothing is drawn
    assert len(shell.display_pub.outputs) == num_shown


def test_a_board_that_was_reset_has_nothing_to_show(shell):
    board = d2l.ProgressBoard("x")
    shell.push({"board": board})
    shell.run_cell("board.draw(0, 1, 'a'); board.reset()")
    assert shell.display_pub.outputs == []


def test_what_takes_a_second_is_drawn_at_its_end(shell):
    start = plotting.time.monotonic()
    board = d2l.ProgressBoard("x")
    since = plotting.time.monotonic() - start
    assert 1 <= board._next_redraw - start <= 1 + since
    board._next_redraw = float("inf")  # the second never passes
    shell.push({"board": board})
    shell.run_cell("for x in range(9): board.draw(x, x, 'a')")
    assert len(shell.display_pub.outputs) == 1
    assert len(board.axes.lines[0].get_xdata()) == 9


def test_a_fit_in_a_notebook_ends_in_one_complete_picture(shell, capsys):
    data = d2l.SyntheticRegressionData(torch.ones(2), 0, 0.1, 8, 8, 4)
    model = d2l.LinearRegression(0.1)
    d2l.Trainer(3).fit(model, data)  # the cell need not end first
    updates = [output["update"] for output in shell.display_pub.outputs]
    assert updates[0] is False and all(updates[1:])
    num_points = [len(line.get_xdata()) for line in model.board.axes.lines]
    assert num_points == [6, 3]
    assert capsys.readouterr().out == ""  # the curve says it all


def test_a_board_that_does_not_display_shows_nothing(shell):
    board = d2l.ProgressBoard("x", display=False)
    board.draw(0, 1, "a")
    board.redraw()
    assert shell.display_pub.outputs == []


def test_limits_of_the_vertical_axis():
    d2l.plot([1, 2], ylim=[0, 9])
    assert plt.gca().get_ylim() == (0, 9)


def curves(axes=None):
    return (axes or plt.gca()).lines


def test_plot_of_one_curve():
    d2l.plot([1, 2, 3], [1, 4, 9], "x", "y", legend=["square"])
    axes = plt.gca()
    assert [line.get_xydata().tolist() for line in curves()] == [
        [[1, 1], [2, 4], [3, 9]]
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["square"]


def test_plot_without_y_counts():
    d2l.plot([5, 6, 7])
    assert curves()[0].get_xydata().tolist() == [[0, 5], [1, 6], [2, 7]]


def test_plot_of_a_tensor_that_requires_grad():
    x = torch.arange(3.0, requires_grad=True)
    d2l.plot(x, [x**2, torch.relu(x)])
    assert curves()[0].get_ydata().tolist() == [0, 1, 4]
    assert curves()[1].get_ydata().tolist() == [0, 1, 2]


def test_plot_of_a_list_of_losses():
    losses = [torch.tensor(x, requires_grad=True) for x in (3.0, 2.0, 1.0)]
    d2l.plot([1, 2, 3], losses)
    assert curves()[0].get_ydata().tolist() == [3, 2, 1]


def test_plot_of_more_curves_than_formats():
    d2l.plot(np.arange(3), [np.arange(3) * k for k in range(6)])
    assert len(curves()) == 6
    assert [line.get_linestyle() for line in curves()][:5] == [
        *("-", "--", "-.", ":"),
        "-",
    ]
    assert len({line.get_color() for line in curves()}) == 6


def test_plot_of_several_xs():
    d2l.plot([[0, 1], [0, 1, 2]], [[1, 2], [3, 4, 5]])
    assert [len(line.get_xdata()) for line in curves()] == [2, 3]


@pytest.mark.parametrize("X, Y", [([], None), ([], []), (torch.ones(0), None)])
def test_plot_of_nothing_is_an_empty_figure(X, Y):
    d2l.plot(X, Y, "x", "y")
    assert all(len(line.get_xdata()) == 0 for line in curves())
    assert plt.gca().get_xlabel() == "x"


def test_plot_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        d2l.plot([1, 2, 3], [1, 2])


def test_plot_draws_into_given_axes_and_clears_them():
    _, axes = plt.subplots()
    axes.plot([0, 1])
    d2l.plot([1, 2], [3, 4], yscale="log", xlim=[0, 9], axes=axes)
    assert len(curves(axes)) == 1
    assert (axes.get_yscale(), axes.get_xlim()) == ("log", (0, 9))


def test_axes_are_labelled_scaled_and_have_a_grid():
    axes = plt.subplots()[1]
    axes.plot([1, 2], [3, 4])
    for _ in range(2):  # a grid is not switched off by the second call
        d2l.set_axes(axes, "a", "b", (1, 9), (2, 8), "log", "symlog", ["c"])
        assert axes.xaxis.get_gridlines()[0].get_visible()
        assert axes.yaxis.get_gridlines()[0].get_visible()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "b")
    assert (axes.get_xlim(), axes.get_ylim()) == ((1, 9), (2, 8))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "symlog")
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["c"]
    axes.set(xlim=(1, 2), ylim=(1, 2))
    d2l.set_axes(axes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("", "")
    assert (axes.get_xlim(), axes.get_ylim()) == ((1, 2), (1, 2))
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")


def test_without_names_there_is_no_legend():
    d2l.plot([1, 2])
    assert plt.gca().get_legend() is None


def test_figures_have_the_size_that_is_asked_for():
    d2l.plot([1, 2], figsize=(5, 4))
    assert plt.gcf().get_size_inches().tolist() == [5, 4]
    d2l.show_images([torch.ones(2, 2)], 2, 3, scale=2)
    assert plt.gcf().get_size_inches().tolist() == [6, 4]
    board = d2l.ProgressBoard(figsize=(5, 3))
    board.draw(0, 1, "a")
    board.redraw()
    assert board.fig.get_size_inches().tolist() == [5, 3]


def test_all_is_drawn_in_the_book_s_style_and_ticks_are_grey():
    board = d2l.ProgressBoard("x")
    board.draw(0, 1, "a")
    board.redraw()
    d2l.plot([1, 2])
    axes = plt.gca()
    grey = matplotlib.colors.to_rgb(plotting.GREY)
    for drawn in (axes, board.axes):
        assert drawn.get_facecolor()[3] == 0  # transparent
        assert not drawn.spines["top"].get_visible()
    assert axes.xaxis.get_ticklabels()[0].get_color() == plotting.GREY
    assert (
        matplotlib.colors.to_rgb(axes.xaxis.get_ticklines()[0].get_color())
        == grey
    )
    (ax,) = d2l.show_images([torch.ones(2, 2)], 1, 1, titles=["a"])
    assert ax.figure.get_facecolor()[3] == 0


def test_images_are_drawn_as_they_are():
    channels = torch.rand(3, 5, 4)
    axes = d2l.show_images([channels, channels[0], channels[:1]], 1, 3)
    shown = [ax.images[0].get_array() for ax in axes]
    assert np.allclose(shown[0], channels.permute(1, 2, 0))
    assert np.allclose(shown[1], channels[0])
    assert np.allclose(shown[2], channels[0])
    assert axes[1].images[0].get_cmap().name == "gray"
    assert [ax.get_title() for ax in axes] == ["", "", ""]
    (ax,) = d2l.show_images([channels[0]], 1, 1, cmap="magma")
    assert ax.images[0].get_cmap().name == "magma"


def test_a_board_gives_its_settings_to_its_axes():
    board = d2l.ProgressBoard(
        "a", "b", (1, 9), (2, 8), "log", "symlog", ["--"], ["C3"]
    )
    board.draw(2, 3, "c")
    board.redraw()
    axes, (line,) = board.axes, board.axes.lines
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "b")
    assert (axes.get_xlim(), axes.get_ylim()) == ((1, 9), (2, 8))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "symlog")
    assert (line.get_linestyle(), line.get_color()) == ("--", "C3")
    assert line.get_xydata().tolist() == [[2, 3]]


def test_plot_leaves_matplotlib_s_settings_alone():
    before = matplotlib.rcParams.copy()
    d2l.plot([1, 2, 3])
    d2l.show_images([torch.ones(2, 2)], 1, 1)
    assert matplotlib.rcParams == before


def test_set_style_changes_them_because_it_is_asked_to():
    with matplotlib.rc_context():
        d2l.set_style()
        assert matplotlib.rcParams["axes.facecolor"] == "none"
        d2l.set_figsize((6, 2))
        assert matplotlib.rcParams["figure.figsize"] == [6, 2]


def test_use_svg_display_is_harmless():
    assert d2l.use_svg_display() is None


def luminance(colour):
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_colours_read_on_white_and_on_dark():
    with plt.style.context(plotting.STYLE):
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    for colour in ["#" + c.strip("#") for c in cycle] + [plotting.GREY]:
        ours = luminance(colour) + 0.05
        assert (luminance("#ffffff") + 0.05) / ours >= 3
        assert ours / (luminance("#14181e") + 0.05) >= 3


def test_png_is_light_and_twice_as_fine_as_it_is_shown():
    with plt.style.context(plotting.STYLE):
        d2l.plot(torch.arange(100.0), torch.sin(torch.arange(100.0)))
    data, size = plotting._png(plt.gcf())
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(data[16:20], "big")
    assert abs(width - 2 * size["width"]) <= 1
    assert len(data) < 30_000


def test_png_is_the_picture_in_128_colours_and_packed_well():
    import io

    from PIL import Image

    figure = plt.figure(figsize=(2, 1))
    figure.add_axes((0.2, 0.2, 0.5, 0.5)).imshow(np.random.rand(50, 50))
    data, size = plotting._png(figure)
    shown = Image.open(io.BytesIO(data))
    tight, full, plain = io.BytesIO(), io.BytesIO(), io.BytesIO()
    figure.savefig(tight, dpi=2 * figure.dpi, bbox_inches="tight")
    # Some releases place the tight box a part of a pixel elsewhere.
    differences = np.subtract(shown.size, Image.open(tight).size)
    assert abs(differences).max() <= 1
    box = figure.get_tightbbox().padded(0.1)
    figure.savefig(full, dpi=2 * figure.dpi, bbox_inches=box)
    octree = Image.Quantize.FASTOCTREE
    expected = Image.open(full).quantize(128, octree)
    assert shown.mode == "P" and len(shown.getcolors()) <= 128
    assert np.array_equal(shown.convert("RGBA"), expected.convert("RGBA"))
    assert [size["width"], size["height"]] == [n // 2 for n in shown.size]
    assert all(type(number) is int for number in size.values())
    expected.save(plain, "png")
    assert len(data) < len(plain.getvalue())


def test_without_ipython_there_is_no_notebook(monkeypatch):
    monkeypatch.setitem(plotting.sys.modules, "IPython", None)
    assert not plotting.in_notebook()


def test_style_settles_the_inline_backend_first(shell, monkeypatch):
    calls = []
    where = "matplotlib_inline.backend_inline.configure_inline_support"
    monkeypatch.setattr(where, lambda *arguments: calls.append(arguments))
    with matplotlib.rc_context():
        d2l.set_style()
    assert calls == [(shell, plt.get_backend())]


@pytest.mark.parametrize(
    "image",
    [
        torch.rand(5, 4),
        torch.rand(1, 5, 4),
        torch.rand(5, 4).numpy(),
        torch.rand(3, 5, 4),
        torch.rand(5, 4, 3, requires_grad=True),
        torch.rand(5, 4, 1),
    ],
)
def test_show_images_of_one_image(image):
    axes = d2l.show_images([image], 1, 1, titles=["a"])
    assert axes.shape == (1,)
    assert axes[0].get_title() == "a"
    assert axes[0].images[0].get_array().shape[:2] == (5, 4)


def test_show_images_of_a_column():
    axes = d2l.show_images([torch.rand(5, 1)], 1, 1)
    assert axes[0].images[0].get_array().shape == (5, 1)


def test_show_images_fills_a_grid_row_by_row():
    images = torch.arange(5.0).reshape(5, 1, 1).expand(5, 2, 2)
    axes = d2l.show_images(images, 2, 3, titles=list("abcde"))
    assert axes.shape == (6,)
    shown = [ax.images[0].get_array()[0, 0] for ax in axes if ax.images]
    assert shown == [0, 1, 2, 3, 4]
    assert not any(ax.axison for ax in axes)


def points(board, label):
    return [tuple(point) for point in board.data[label]]


def test_board_without_xlabel():
    board = d2l.ProgressBoard()
    board.draw(1, 2, "loss")
    board.redraw()
    assert board.axes.get_xlabel() == ""
    assert points(board, "loss") == [(1, 2)]


def test_board_averages_every_n_points():
    board = d2l.ProgressBoard("x")
    for x in range(5):
        board.draw(x, 10.0 * x, "a", every_n=2)
    assert points(board, "a") == [(0.5, 5), (2.5, 25)]


def test_board_draws_every_point_for_every_n_of_zero():
    board = d2l.ProgressBoard("x")
    board.draw(0, torch.tensor(3.0, requires_grad=True), "a", every_n=0)
    assert points(board, "a") == [(0, 3)]


def test_board_has_room_for_a_fifth_curve():
    board = d2l.ProgressBoard("x")
    for i in range(7):
        board.draw(0, i, f"curve {i}")
    board.redraw()
    assert len(board.axes.lines) == 7
    legend = board.axes.get_legend().get_texts()
    assert [text.get_text() for text in legend][4] == "curve 4"


def test_curves_wait_apart():
    board = d2l.ProgressBoard("x")
    for x in range(4):
        board.draw(x, x, "a", every_n=2)
        board.draw(x, -x, "b", every_n=4)
    assert points(board, "a") == [(0.5, 0.5), (2.5, 2.5)]
    assert points(board, "b") == [(1.5, -1.5)]


def test_two_boards_do_not_mix():
    one, two = d2l.ProgressBoard("x"), d2l.ProgressBoard("x")
    for x in range(3):
        one.draw(x, x, "a")
        two.draw(x, -x, "b")
    one.redraw(), two.redraw()
    assert one.axes.figure is not two.axes.figure
    assert [line.get_ydata()[-1] for line in one.axes.lines] == [2]
    assert [line.get_ydata()[-1] for line in two.axes.lines] == [-2]


def test_redraw_moves_lines_and_adds_none():
    board = d2l.ProgressBoard("x")
    for x in range(60):
        board.draw(x, x, "a")
        board.redraw()
    assert len(board.axes.lines) == 1
    assert len(board.axes.lines[0].get_xdata()) == 60


def test_drawing_takes_a_small_share_of_the_time(monkeypatch):
    now, drawn, seconds = [100.0], [], 0.05
    monkeypatch.setattr(plotting.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(plotting, "in_notebook", lambda: True)
    monkeypatch.setattr(plotting, "_shell", lambda: None)

    def show(figure):
        drawn.append(now[0])
        now[0] += seconds  # that a picture takes

    monkeypatch.setattr(plotting, "_show", show)
    board = d2l.ProgressBoard("x")
    while now[0] < 130:
        now[0] += 0.01
        board.draw(now[0], 1, "a")
    assert drawn[0] >= 101  # what is over sooner is drawn once, at its end
    assert 3 <= len(drawn) and len(drawn) * 0.05 < 0.0055 * 30
    drawn.clear()
    seconds = 1  # a slow one, for example the first
    while now[0] < 170:
        now[0] += 0.01
        board.draw(now[0], 1, "a")
    assert all(np.diff(drawn) < 13.1) and len(drawn) == 3
    plotting._waiting.clear()


def test_axes_of_a_board_grow_with_its_curves():
    board = d2l.ProgressBoard("x")
    for x in (1, 10, 100):
        board.draw(x, -x, "a")
        board.redraw()
        assert board.axes.get_xlim()[1] >= x
        assert board.axes.get_ylim()[0] <= -x


HEAD = """
import matplotlib, torch, d2lmini as d2l
matplotlib.rcParams["figure.dpi"] = 30
data = d2l.SyntheticRegressionData(torch.ones(2), 0, 0.1, 8, 8, 4)
def fit(**board):
    model = d2l.LinearRegression(0.1)
    model.board = d2l.ProgressBoard(**board)
    d2l.Trainer(2).fit(model, data)
    return model.board
"""
# What a cell displays follows its first line: p(icture), s(vg), t(ext), -.
PAGES = {
    "as Jupyter starts it": """#p
d2l.Trainer(2).fit(model := d2l.LinearRegression(0.1), data)
assert model.board.fig.axes[0].lines
None
#p
board = fit()  # the title comes after the picture
d2l.plt.title("A title")
d2l.plt.savefig("/dev/null", format="png")
d2l.plt.show()
#p
board.fig
#pp
for _ in range(2):
    fit()
#pp
fit()
d2l.plot([1, 2])
#p
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.plot([0, 1], [9, 9])
board = fit(axes=axes)
assert [t.get_text() for t in axes.get_legend().get_texts()] == [
    "train_loss", "val_loss"
]
#p
fit(axes=axes).reset()
#p
for axes in plt.subplots(1, 2)[1]:
    fit(axes=axes)
#p
fit(fig=plt.figure(figsize=(2, 2)))
None
#-
quiet = fit(display=False)
quiet.redraw()
#p
for _ in range(2):
    plt.plot([1, 2])
plt.show()
#p
board = d2l.ProgressBoard("x")
for x in range(30):
    board.draw(x, x * x, "a")
#p
board.draw(30, 0, "a")
#-
board.flush()
#p
board.draw(31, 0, "b")
board.flush()
board.flush()
#p
class Loud(d2l.ProgressBoard):
    def draw(self, x, y, label, every_n=1):
        super().draw(x, y, label.upper(), every_n)
model.board = Loud()
d2l.Trainer(2).fit(model, data)
None
#p
class Keeping(d2l.ProgressBoard):
    def draw(self, x, y, label, every_n=1):
        self.data.setdefault(label, []).append((x, y))
model.board = Keeping()
d2l.Trainer(2).fit(model, data)
None
#p
class Pyplot(d2l.ProgressBoard):
    def draw(self, x, y, label, every_n=1):
        self.data.setdefault(label, []).append((x, y))
        self.fig = self.fig or d2l.plt.figure()
        d2l.plt.plot(*zip(*self.data[label]))
model.board = Pyplot()
d2l.Trainer(2).fit(model, data)
None
#-
class Silent:
    display = True
    def draw(self, *point, **options):
        pass
model.board = Silent()
d2l.Trainer(2).fit(model, data)
None
""",
    "with SVG": """#-
%config InlineBackend.figure_format = "svg"
#s
from matplotlib.figure import Figure
fit(fig=Figure(figsize=(2, 2)))
None
#s
fit()
None
""",
    "with a plot first": """#p
d2l.plot([1, 2])
#p
import matplotlib.pyplot as plt
plt.plot([1, 2])
None
#p
fit()
None
#-
d2l.set_style()
#p
fit()
None
#-
%matplotlib agg
#p
fit()
None
""",
}


@pytest.mark.parametrize("page", PAGES)
def test_each_fit_of_a_notebook_is_one_picture(page, monkeypatch):
    import nbclient
    import nbformat.v4 as v4

    monkeypatch.delenv("MPLBACKEND", raising=False)
    expected, sources = zip(
        *re.findall(r"#([pst-]+)\n(.*?)(?=\n#[pst-]+\n|\Z)", PAGES[page], re.S),
        strict=True,
    )
    cells = [v4.new_code_cell(source) for source in (HEAD, *sources)]
    notebook = v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    letters = {"image/svg+xml": "s", "image/png": "p"}
    for cell, shown in zip(cells[1:], expected, strict=True):
        found = [
            next((letters[key] for key in letters if key in output.data), "t")
            if output.output_type == "display_data"
            else output.output_type
            for output in cell.outputs
        ]
        assert ("".join(found) or "-") == shown, (cell.source, cell.outputs)


def test_board_draws_into_given_axes():
    figure, axes = plt.subplots()
    board = d2l.ProgressBoard("x", fig=figure)
    board.draw(0, 1, "a")
    board.redraw()
    assert board.axes is axes
    axes.cla()
    board = d2l.ProgressBoard("x", axes=axes)
    for _ in range(2):
        board.reset()
        board.draw(0, 1, "a")
        board.redraw()
        assert len(axes.lines) == 1


def test_reset_forgets_curves():
    board = d2l.ProgressBoard("x")
    board.draw(0, 1, "a")
    board.redraw()
    figure = board.fig
    board.reset()
    board.draw(0, 1, "b")
    board.redraw()
    assert board.fig is not figure
    assert list(board.data) == ["b"]
