"""Figures are judged by the data that they hold."""

import copy
import threading

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from PIL import Image

import d2lmini as d2l
from d2lmini import plotting
from d2lmini.support import displays

SETTINGS = "a", "b", (1, 9), (2, 8), "log", "symlog"  # of axes


@pytest.fixture(autouse=True)
def no_figure_left():
    yield
    plt.close("all")


def settings(axes):
    names = "xlabel ylabel xlim ylim xscale yscale".split()
    return tuple(getattr(axes, f"get_{name}")() for name in names)


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def ys(axes=None, column=1):
    lines = (axes or plt.gca()).lines
    return [line.get_xydata()[:, column].tolist() for line in lines]


def xs(axes=None):
    return ys(axes, column=0)


def size():
    return tuple(plt.gcf().get_size_inches())


def board_of(point=(0, 1), **options):
    board = d2l.ProgressBoard(**options)
    board.draw(*point, "a")
    return board


COLUMN = torch.arange(3.0).reshape(3, 1)
GRAPH = COLUMN.clone().requires_grad_()
DAYS = np.arange("1970-01-01", "1970-01-04", dtype="datetime64[D]")


CURVES = [  # as a reader has them, and as they are drawn
    (range(3), [[0, 1, 2]]),
    (DAYS, [[0, 1, 2]]),
    (COLUMN > 1, [[0, 0, 1]]),
    ((COLUMN, COLUMN.numpy().T), [[0, 1, 2]] * 2),
    (torch.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
    ([[*GRAPH], [3, 4, 5]], [[0, 1, 2], [3, 4, 5]]),
    ([*GRAPH.reshape(3)], [[0, 1, 2]]),
    (COLUMN.bfloat16(), [[0, 1, 2]]),
    (COLUMN.double() + 1e-9, [[1e-9, 1 + 1e-9, 2 + 1e-9]]),
    (torch._neg_view(COLUMN), [[0, -1, -2]]),
    (torch.complex(COLUMN, COLUMN).conj().imag, [[0, -1, -2]]),
    (COLUMN.to_sparse(), [[0, 1, 2]]),
]


@pytest.mark.parametrize("Y, expected", CURVES, ids=str)
def test_a_curve_may_come_in_many_forms(Y, expected):
    for X, x in (((), [0, 1, 2]), (([1, 2, 3],), [1, 2, 3])):
        d2l.plot(*X, Y)
        assert (xs(), ys()) == ([x] * len(expected), expected)


def test_plot_clears_and_labels_axes_and_repeats_formats():
    axes = plt.subplots()[1]
    axes.plot([0, 1])
    X, Y = [[1, 2], [3, 4, 5]] * 3, [[1, 2], [3, 2, 1]] * 3
    x, y, *others = SETTINGS
    d2l.plot(X, Y, x, y, np.array([*"abcdef"]), *others, axes=axes)
    assert (xs(axes), ys(axes), legend(axes)) == (X, Y, [*"abcdef"])
    assert settings(axes) == SETTINGS
    styles = [line.get_linestyle() for line in axes.lines]
    assert styles == ["-", "--", "-.", ":", "-", "--"]
    for _ in range(2):  # a grid is not switched off by the second call
        d2l.set_axes(axes)
        assert axes.get_xgridlines()[0].get_visible()
    assert settings(axes) == ("", "", (1, 9), (2, 8), "linear", "linear")
    d2l.plot([], fmts=[], legend=(), axes=axes)
    assert axes.lines[0].get_linestyle() == "-" and not axes.get_legend()


def test_plot_draws_into_axes_that_wait_for_it():
    waiting = plt.gca()
    d2l.plot([1, 2])
    d2l.plot([3, 4])  # covers nothing that is there
    assert ys(waiting) == [[1, 2]] and ys() == [[3, 4]]


@pytest.mark.parametrize("draw", [lambda **k: d2l.plot([3], **k), board_of])
def test_figures_have_the_size_that_was_set_or_is_asked_for(draw):
    with matplotlib.rc_context():
        d2l.set_figsize([6, 2])
        assert matplotlib.rcParams["figure.figsize"] == [6, 2]
        draw()
        d2l.set_figsize()
    assert size() == (6, 2)
    draw(figsize=(5, 4))
    assert size() == (5, 4)


def test_letters_are_those_of_the_site_where_it_has_its_font(monkeypatch):
    pytest.importorskip("font_source_sans_pro")
    d2l.plot([1, 2], xlabel="x")
    assert plt.gca().xaxis.label.get_fontname() == "Source Sans Pro"
    monkeypatch.setattr(displays, "find_spec", lambda name: None)
    assert displays.face.__wrapped__() == {}


def luminance(color):
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_figures_read_on_white_and_on_black():
    """The site shows them on these two grounds."""
    before, axes = matplotlib.rcParams.copy(), board_of().axes
    (image,) = d2l.show_images([torch.ones(2, 2)], 1, 1, titles="a")
    d2l.show_heatmaps(HEAT, "x", "y")
    d2l.plot([1, 2], [[1, 2]] * 6)
    assert matplotlib.rcParams == before
    axis = plt.gca().xaxis
    ticks = axis.get_ticklabels() + axis.get_ticklines()
    for artist in (*axes.lines, *plt.gca().lines, *ticks, image.title):
        ours = luminance(artist.get_color()) + 0.05
        assert 1.05 / ours >= 4.5 and ours / 0.05 >= 4.5
    with matplotlib.rc_context():
        d2l.set_style()
        plt.figure()
    for number in plt.get_fignums():
        assert plt.figure(number).get_facecolor()[3] == 0  # transparent


COLORS, RGBA = torch.rand(3, 5, 4), torch.rand(5, 6, 4)
BITS = torch.tensor([[0, 1], [1, 0]])
HEAT = torch.ones(1, 2, 2, 2)


IMAGES = [
    (COLORS, COLORS.permute(1, 2, 0)),
    (RGBA.permute(2, 0, 1), RGBA),
    (RGBA[:4, ..., :3].clone().requires_grad_(), RGBA[:4, ..., :3]),
    (Image.new("RGB", (4, 5), "red"), [255, 0, 0]),
    (2 * COLORS[:1], 2 * COLORS[0]),
    (2 * COLORS[0, :, :1].numpy(), 2 * COLORS[0, :, :1]),
    (BITS[..., None] > 0, BITS),
    (COLORS > 0.5, (COLORS > 0.5).permute(1, 2, 0)),
    (BITS.to(torch.uint16)[None], BITS),
]


@pytest.mark.parametrize("image, expected", IMAGES)
def test_an_image_may_come_in_many_forms(image, expected):
    (ax,) = d2l.show_images([image], 1, 1, titles="a")
    shown = ax.images[0].get_array()
    assert np.allclose(shown, expected)
    if shown.ndim == 2:
        assert ax.images[0].get_clim() == (shown.min(), shown.max())


def test_images_fill_a_grid_row_by_row_with_titles_near_them():
    images = torch.arange(9.0).reshape(9, 1, 1).expand(9, 2, 2)
    axes = d2l.show_images(images, 2, 3, np.array([*"abcdef"]))
    assert [ax.images[0].get_array()[0, 0] for ax in axes] == [*range(6)]
    assert [ax.get_title() for ax in axes] == [*"abcdef"]
    assert axes[5].images[0].get_cmap().name == "gray"
    axes[0].figure.canvas.draw()
    above, own = (ax.get_window_extent() for ax in (axes[0], axes[3]))
    title = axes[3].title.get_window_extent()
    assert title.y0 - own.y1 < 0.75 * (above.y0 - title.y1) < own.height / 4
    axes = d2l.show_images(images[:2], 1, 3, scale=2, cmap="magma")
    assert axes[1].images[0].get_cmap().name == "magma"
    assert size() == (6, 2)
    assert [len(ax.images) for ax in axes] == [1, 1, 0]
    assert not any(ax.axison or ax.get_title() for ax in axes)


def test_heatmaps_share_a_scale_and_are_labeled_at_the_edges():
    matrices = torch.arange(16.0, requires_grad=True).reshape(2, 2, 2, 2)
    d2l.show_heatmaps(matrices, "x", "y", ["a", "b"])
    *axes, bar = plt.gcf().axes
    images = [ax.images[0] for ax in axes]
    assert [i.get_array()[0, 0] for i in images] == [0, 4, 8, 12]
    assert {i.get_clim() for i in images} == {(0, 15)} == {bar.get_ylim()}
    assert not axes[0].get_xgridlines()[0].get_visible()
    words = [ax.get_title() + ax.get_xlabel() + ax.get_ylabel() for ax in axes]
    assert words == ["ay", "b", "xy", "x"]
    assert bar.get_position().height < 0.7  # not longer than the matrices
    d2l.show_heatmaps(torch.nan * HEAT[:, :1], "x", "y", None, (4, 3), "Blues")
    (image,) = plt.gcf().axes[0].images
    assert (image.get_cmap().name, size()) == ("Blues", (4, 3))
    assert image.get_clim() == (0, 1)


def test_a_point_is_made_of_numbers():
    board = d2l.ProgressBoard()
    for y in (None, "2", torch.ones(2), 1j, []):
        with pytest.raises(ValueError, match="made of two real numbers"):
            board.draw(1, y, "a", every_n=2)
    for two in (lambda: GRAPH[2], torch.tensor([[2]]).bfloat16(), 2):
        board.draw(lambda: 1, two, "a")
    assert board.data["a"] == [(1, 2)] * 3


def test_a_board_gives_its_settings_to_its_axes():
    board = d2l.ProgressBoard(*SETTINGS, "--", "red")
    for label in "ab":
        board.draw(2, 1, label)
    assert settings(board.axes) == SETTINGS
    for line in board.axes.lines:
        assert (line.get_linestyle(), line.get_color()) == ("--", "#ff0000")
    assert board_of(ls=(), colors=()).axes.lines[0].get_linestyle() == "-"


def test_curves_wait_apart_and_reset_forgets_all():
    board = d2l.ProgressBoard("step", "loss")
    for x in range(5):
        board.draw(x, 10 * x, "a", every_n=2)
        board.draw(x, -x, "b", every_n=4)
    assert board.data == {"a": [(0.5, 5), (2.5, 25)], "b": [(1.5, -1.5)]}
    assert board.data["a"][0].y == 5
    figure = board.fig
    figure.draw_without_rendering()
    for axis in (board.axes.xaxis, board.axes.yaxis):  # has room for its label
        box = axis.label.get_window_extent()
        assert min(box.min) >= 0 and all(box.max <= figure.bbox.max)
    board.reset()
    for x in range(2):  # what waited is forgotten, too
        board.draw(x, x, "a", every_n=2)
    assert board.data == {"a": [(0.5, 0.5)]} and board.fig is not figure
    # What was shown stays: two fits in one cell are two pictures.
    assert ys(figure.gca()) == [[5, 25], [-1.5]]


def test_points_are_in_the_figure_as_soon_as_they_are_drawn():
    """As in a script, where nothing marks the end of a loop."""
    board = d2l.ProgressBoard("x")
    for x in range(1300):
        board.draw(x, -x, "a")
        if x in (2, 999):
            assert ys(board.axes) == [[-i for i in range(x + 1)]]
            assert board.axes.get_xlim()[1] >= x <= -board.axes.get_ylim()[0]
        if x == 1100:
            assert len(ys(board.axes)[0]) == 1000  # later ones wait, for speed
            board.flush()
            board.fig.canvas.draw()
    board.flush()
    assert ys(plt.gca()) == [[-i for i in range(1300)]]


def test_drawing_takes_a_small_share_of_the_time(monkeypatch):
    now, drawn, seconds = [100.0], [], 0.05

    def show(figure):
        drawn.append(now[0])
        now[0] += seconds  # that a picture takes

    monkeypatch.setattr(plotting.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(plotting, "in_notebook", lambda: True)
    monkeypatch.setattr(displays, "flush_later", lambda board: None)
    monkeypatch.setattr(displays, "show", show)
    board = d2l.ProgressBoard("x")
    while now[0] < 170:
        now[0] += 0.02
        board.draw(now[0], 1, "a")
        seconds = 0.05 if now[0] < 130 else 1  # a slow one
    # What ends within a second is drawn once. Then 0.5 %, or each 12 s.
    assert drawn == pytest.approx([101, 111, 121, 131, 144, 157], abs=0.2)


def test_a_logarithm_waits_for_a_positive_number():
    board = board_of((0, -1), xscale="log", yscale="log")
    board.fig.canvas.draw()  # Matplotlib would warn
    assert settings(board.axes)[4:] == ("linear", "linear")
    board.draw(1, -1, "a")
    assert settings(board.axes)[4:] == ("log", "linear")


def test_boards_share_axes_with_each_other_and_with_the_reader():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [9, 9], c="k", label="mine")
    axes.set(xlabel="my x", ylabel="my y")
    one, two = d2l.ProgressBoard(fig=figure), d2l.ProgressBoard(axes=axes)
    for x in range(2):
        one.draw(x, x, "one")
        two.draw(x, -x, "two")
    colors = [line.get_color() for line in axes.get_legend().get_lines()]
    assert colors == [line.get_color() for line in axes.lines[1:]]
    assert legend(axes) == ["one", "two"] and len({*colors}) == 2
    assert one.fig is two.fig is figure
    one.xlabel = "steps"
    one.redraw()
    assert settings(axes)[:2] == ("steps", "my y")
    two.reset()
    assert ys(axes) == [[9, 9], [0, 1]]
    axes.cla()  # by the reader: what was drawn is drawn anew
    one.draw(2, 2, "one")
    assert ys(axes) == [[0, 1, 2]]


def test_a_copy_of_a_board_has_its_settings_and_no_curves():
    board = board_of((1, 1), axes=plt.figure().gca(), figsize=(2, 2))
    board.draw(1, 1, "b", every_n=2)
    other = copy.copy(board)
    assert not other.data and not other.raw_points and board.data
    other.display = False
    other.draw(1, 1, "b")
    other.flush()
    assert other.fig is None  # as it is not to display
    other.redraw()
    assert ys(other.axes) == ys() == [[1]] and len(plt.get_fignums()) == 1
    assert other.fig.get_size_inches().tolist() == [2, 2]


def test_pyplot_holds_the_latest_ten_figures(monkeypatch):
    other = plt.figure().number
    boards = [board_of() for _ in range(25)]  # more than 20 would be a warning
    numbers = [other] + [board.fig.number for board in boards[-10:]]
    assert plt.get_fignums() == numbers
    thread = threading.Thread(target=board_of)
    thread.start(), thread.join()
    monkeypatch.setattr(plt, "figure", lambda figsize: 1 / 0)
    assert ys(board_of().axes) == [[1]] and plt.get_fignums() == numbers
