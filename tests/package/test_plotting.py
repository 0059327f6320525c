"""Figures are judged by the data that they hold."""

import copy
import pickle
import re
import threading

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


COLUMN = torch.arange(3.0).reshape(3, 1)


@pytest.mark.parametrize(
    "Y, expected",
    [
        (COLUMN, [[0, 1, 2]]),
        (COLUMN.T, [[0, 1, 2]]),
        ([COLUMN, COLUMN.numpy()], [[0, 1, 2]] * 2),
        ((COLUMN, COLUMN.T), [[0, 1, 2]] * 2),
        (
            [[*COLUMN.clone().requires_grad_()], [3, 4, 5]],
            [[0, 1, 2], [3, 4, 5]],
        ),
        ([*COLUMN.reshape(3).clone().requires_grad_()], [[0, 1, 2]]),
        (COLUMN.bfloat16(), [[0, 1, 2]]),
        (COLUMN.half(), [[0, 1, 2]]),
        (COLUMN.to(torch.uint16), [[0, 1, 2]]),
        (COLUMN > 1, [[0, 0, 1]]),
        (torch._neg_view(COLUMN), [[0, -1, -2]]),
        (torch.complex(COLUMN, COLUMN).conj().imag, [[0, -1, -2]]),
        (COLUMN.to_sparse(), [[0, 1, 2]]),
        (torch.nn.Parameter(COLUMN), [[0, 1, 2]]),
        (range(3), [[0, 1, 2]]),
    ],
    ids=str,
)
def test_a_curve_may_come_in_many_forms(Y, expected):
    d2l.plot([1, 2, 3], Y)
    assert [line.get_ydata().tolist() for line in curves()] == expected


@pytest.mark.parametrize(
    "legend, names",
    [
        (None, None),
        ([], None),
        ((), None),
        (np.array(["a", "b"]), ["a", "b"]),
        ({"a": 1, "b": 2}.keys(), ["a", "b"]),
    ],
    ids=str,
)
def test_a_legend_may_come_in_many_forms(legend, names):
    d2l.plot([1, 2], [[1, 2], [3, 4]], legend=legend)
    shown = plt.gca().get_legend()
    shown = shown and [text.get_text() for text in shown.get_texts()]
    assert shown == names


@pytest.mark.parametrize("nothing", [None, (), []])
def test_no_formats_are_solid_lines(nothing):
    d2l.plot([1, 2], fmts=nothing)
    board = d2l.ProgressBoard(ls=nothing, colors=nothing)
    board.draw(0, 1, "a")
    lines = [plt.figure(1).axes[0].lines[0], board.axes.lines[0]]
    assert [line.get_linestyle() for line in lines] == ["-", "-"]


def test_plot_draws_into_axes_that_wait_for_it():
    figure = plt.figure(figsize=(9, 2))
    d2l.plot([1, 2], [3, 4])
    assert plt.gcf() is figure and len(curves()) == 1
    _, (left, right) = plt.subplots(1, 2)
    plt.sca(left)
    d2l.plot([1, 2], [3, 4])
    plt.sca(right)
    d2l.plot([1, 2], [5, 6])
    assert [axes.lines[0].get_ydata()[0] for axes in (left, right)] == [3, 5]
    d2l.plot([1, 2], [7, 8])  # covers nothing that is there
    assert len(plt.get_fignums()) == 3
    assert right.lines[0].get_ydata()[0] == 5


def test_plot_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        d2l.plot([1, 2, 3], [1, 2])


def test_plot_draws_into_given_axes_and_clears_them():
    _, axes = plt.subplots()
    axes.plot([0, 1])
    d2l.plot([1, 2], [3, 4], yscale="log", xlim=[0, 9], axes=axes)
    assert len(curves(axes)) == 1
    assert (axes.get_yscale(), axes.get_xlim()) == ("log", (0, 9))


def test_axes_are_labeled_scaled_and_have_a_grid():
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


def test_all_is_drawn_in_the_book_s_style_and_ticks_are_gray():
    board = d2l.ProgressBoard("x")
    board.draw(0, 1, "a")
    board.redraw()
    d2l.plot([1, 2])
    axes = plt.gca()
    gray = matplotlib.colors.to_rgb(plotting.GRAY)
    for drawn in (axes, board.axes):
        assert drawn.get_facecolor()[3] == 0  # transparent
        assert not drawn.spines["top"].get_visible()
    assert axes.xaxis.get_ticklabels()[0].get_color() == plotting.GRAY
    assert (
        matplotlib.colors.to_rgb(axes.xaxis.get_ticklines()[0].get_color())
        == gray
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


def test_a_title_is_nearer_to_its_own_image_than_to_the_one_above():
    axes = d2l.show_images([torch.ones(2, 2)] * 4, 2, 2, titles=list("abcd"))
    axes[0].figure.canvas.draw()
    above, own = (ax.get_window_extent() for ax in (axes[0], axes[2]))
    title = axes[2].title.get_window_extent()
    assert title.y0 - own.y1 < 0.75 * (above.y0 - title.y1)


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


@pytest.mark.parametrize("figsize", [(6, 2), [2.5, 4]])
def test_plots_and_boards_have_the_size_that_was_set(figsize):
    plt.close("all")
    with matplotlib.rc_context():
        d2l.set_figsize(figsize)
        d2l.plot([1, 2])
        board = d2l.ProgressBoard()
        board.draw(0, 1, "a")
        d2l.plot([1, 2], figsize=(5, 5))
        d2l.set_figsize()
    sizes = [plt.figure(i).get_size_inches().tolist() for i in (1, 2, 3)]
    assert sizes == [list(figsize), list(figsize), [5, 5]]


def test_use_svg_display_is_harmless():
    assert d2l.use_svg_display() is None


def luminance(color):
    rgb = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_colors_and_letters_read_on_white_and_on_black():
    """The site shows figures on these two grounds."""
    with plt.style.context(plotting.STYLE):
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    for color in ["#" + c.strip("#") for c in cycle] + [plotting.GRAY]:
        ours = luminance(color) + 0.05
        assert 1.05 / ours >= 4.5
        assert ours / 0.05 >= 4.5


def test_png_is_light_and_twice_as_fine_as_it_is_shown():
    with plt.style.context(plotting.STYLE):
        d2l.plot(torch.arange(100.0), torch.sin(torch.arange(100.0)))
    data, size = plotting._png(plt.gcf())
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(data[16:20], "big")
    assert abs(width - 2 * size["width"]) <= 1
    assert len(data) < 30_000


def test_png_is_the_picture_in_128_colors_and_packed_well():
    import io

    from PIL import Image

    figure = plt.figure(figsize=(2, 1))
    figure.add_axes((0.2, 0.2, 0.5, 0.5)).plot([0, 3, 1])
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


@pytest.mark.parametrize(
    "shape, mode",
    [((16, 16, 1), "P"), ((60, 60, 3), "RGBA"), ((110, 110, 3), "RGBA")],
)
def test_png_keeps_near_tones_apart(shape, mode):
    """Images have more of them than Pillow's palette tells apart."""
    import io

    from PIL import Image

    levels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    figure = plt.figure(figsize=(shape[1] / 50, shape[0] / 50), dpi=50)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(levels.squeeze(), cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    shown = Image.open(io.BytesIO(plotting._png(figure)[0]))
    assert shown.mode == mode
    pixels = np.asarray(shown.convert("RGBA"), int)[10:-10:2, 10:-10:2, :3]
    assert abs(pixels - levels).max() <= 1


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


NAN = float("nan")


@pytest.mark.parametrize(
    "image, expected",
    [
        (torch.tensor([-1.0, 0, 1]), [0, 0.5, 1]),
        (torch.tensor([0.0, 51, 255]), [0, 0.2, 1]),
        (torch.tensor([0.0, 0.5, 1]), [0, 0.5, 1]),
        (torch.tensor([0.25, 0.5, 0.75]).bfloat16(), [0.25, 0.5, 0.75]),
        (torch.tensor([0, 128, 255]), [0, 128, 255]),
        (torch.tensor([0, 500, 1000]), [0, 0.5, 1]),
        (torch.tensor([False, True, True]), [0, 1, 1]),
        (torch.tensor([7.0, 7, 7]), [0, 0, 0]),
        (torch.tensor([-1.0, 1, float("inf")]), [0, 1, 1]),
        (torch.tensor([-1.0, 1, NAN]), [0, 1, NAN]),
        (torch.tensor([NAN, NAN, NAN]), [NAN, NAN, NAN]),
    ],
    ids=str,
)
def test_colors_of_any_range_are_shown(image, expected):
    (ax,) = d2l.show_images([image.reshape(3, 1, 1).expand(3, 2, 2)], 1, 1)
    plt.gcf().canvas.draw()  # and nothing is said on the way
    shown = ax.images[0].get_array()
    assert shown.shape == (2, 2, 3)
    shown = np.ma.filled(shown[0, 0].astype(float), NAN)
    assert np.allclose(shown, expected, equal_nan=True)


@pytest.mark.parametrize(
    "dtype", ["uint8", "bool", "int64", "float16", "uint16"]
)
def test_gray_images_of_any_type_are_shown(dtype):
    images = torch.tensor([[[0, 1], [1, 0]]]).to(getattr(torch, dtype))
    for batch in (images, images[:, None], images.numpy()):
        (ax,) = d2l.show_images(batch, 1, 1, titles=np.array(["a"]))
        plt.gcf().canvas.draw()
        assert ax.images[0].get_clim() == (0, 1)
        assert ax.get_title() == "a"


@pytest.mark.parametrize("shape", [(4, 5, 6), (5, 6, 4)])
def test_an_image_may_be_transparent(shape):
    (ax,) = d2l.show_images([torch.rand(shape)], 1, 1)
    assert ax.images[0].get_array().shape == (5, 6, 4)


@pytest.mark.parametrize(
    "image",
    [torch.rand(2, 4, 5), torch.rand(1, 3, 4, 5), torch.rand(4, 4) * 1j],
)
def test_what_is_no_image_is_refused_with_its_shape(image):
    with pytest.raises(ValueError, match=re.escape(f"{tuple(image.shape)}.")):
        d2l.show_images([image], 1, 1)


def test_heatmaps_share_a_scale_and_are_labeled_at_the_edges():
    matrices = torch.arange(24.0, requires_grad=True).reshape(2, 3, 2, 2)
    d2l.show_heatmaps(matrices, "keys", "queries", titles=["a", "b", "c"])
    figure = plt.gcf()
    *axes, bar = figure.axes
    images = [ax.images[0] for ax in axes]
    assert [image.get_array()[0, 0] for image in images] == [
        0,
        4,
        8,
        12,
        16,
        20,
    ]
    assert {image.get_clim() for image in images} == {(0, 23)}
    assert images[0].get_cmap().name == "Reds"
    assert [ax.get_title() for ax in axes] == ["a", "b", "c", "", "", ""]
    assert [ax.get_xlabel() for ax in axes] == [""] * 3 + ["keys"] * 3
    assert [ax.get_ylabel() for ax in axes] == ["queries", "", ""] * 2
    assert bar.get_ylim() == (0, 23)
    assert figure.get_size_inches().tolist() == [2.5, 2.5]
    d2l.show_heatmaps(np.eye(3)[None, None], "x", "y", None, (4, 3), "Blues")
    assert plt.gcf().axes[0].images[0].get_cmap().name == "Blues"
    assert plt.gcf().get_size_inches().tolist() == [4, 3]


@pytest.mark.parametrize(
    "matrices, titles, words",
    [
        (torch.eye(3), None, r"\(rows, columns, h, w\), not .* \(3, 3\)"),
        (torch.ones(1, 0, 2, 2), None, r"shape \(1, 0, 2, 2\)"),
        (1j * torch.ones(1, 1, 2, 2), None, "real numbers.* not complex64"),
        (torch.ones(1, 2, 2, 2), ["a"], "2 columns need as many titles"),
    ],
)
def test_heatmaps_of_other_shapes_are_refused(matrices, titles, words):
    with pytest.raises(ValueError, match=words):
        d2l.show_heatmaps(matrices, "x", "y", titles)


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
    board.draw(0, 1, "b", every_n=2)  # waits for its pair
    board.redraw()
    figure = board.fig
    board.reset()
    board.draw(0, 1, "a", every_n=2)
    board.draw(0, 3, "b", every_n=2)
    assert not board.data
    board.draw(0, 1, "b", every_n=2)
    board.redraw()
    assert board.fig is not figure
    assert board.data["b"] == [(0, 2)]
    assert list(board.data) == ["b"]


def test_a_point_may_be_a_function_or_a_tensor_of_any_type():
    board = d2l.ProgressBoard("x")
    for y in (
        lambda: torch.tensor([2.0], requires_grad=True),
        torch.tensor([[2]]).bfloat16(),
        np.float32(2),
        True + 1,
    ):
        board.draw(lambda: 1, y, "a")
    assert points(board, "a") == [(1, 2)] * 4


@pytest.mark.parametrize("y", [None, "2", torch.ones(2), 1j, [], [1, 2]])
def test_what_is_no_point_is_refused(y):
    with pytest.raises(ValueError, match="made of two real numbers, not of"):
        d2l.ProgressBoard("x").draw(1, y, "a")


def test_flush_draws_what_waits_and_else_nothing(shell):
    board = d2l.ProgressBoard("x")
    board.flush()
    assert board.fig is None and shell.display_pub.outputs == []
    board._next_redraw = float("inf")
    board.draw(0, 1, "a")
    assert shell.display_pub.outputs == []
    for _ in range(3):
        board.flush()
    assert len(shell.display_pub.outputs) == 1
    board.draw(1, 1, "a")
    board.flush()
    assert len(shell.display_pub.outputs) == 2
    quiet = d2l.ProgressBoard("x", display=False)
    quiet.draw(0, 1, "a")
    quiet.flush()
    assert quiet.fig is None and len(shell.display_pub.outputs) == 2


def test_points_are_in_the_figure_as_soon_as_they_are_drawn():
    """As in a script, where nothing marks the end of a loop."""
    board = d2l.ProgressBoard("x", yscale="log")
    for x in range(1200):
        board.draw(x, x, "a")
        if x == 2:
            assert board.axes.lines[0].get_xydata()[-1].tolist() == [2, 2]
            assert board.axes.get_yscale() == "log"
            assert board.axes.get_ylim()[1] > 2
    board.flush()  # later ones are left to it, which keeps long curves cheap
    assert len(board.axes.lines[0].get_xydata()) == 1200
    assert plt.gcf() is board.fig


def test_a_logarithm_waits_for_a_positive_number():
    board = d2l.ProgressBoard(xscale="log", yscale="log")
    board.draw(0, -1, "a")
    board.fig.canvas.draw()  # Matplotlib would warn
    assert board.axes.get_xscale() == board.axes.get_yscale() == "linear"
    board.draw(1, -1, "a")
    assert board.axes.get_xscale() == "log" != board.axes.get_yscale()


def test_boards_share_axes_with_each_other_and_with_the_reader():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [9, 9], c="k", label="mine")
    axes.set(xlabel="my x", ylabel="my y")
    one, two = (d2l.ProgressBoard(axes=axes) for _ in range(2))
    for x in range(2):
        one.draw(x, x, "one")
        two.draw(x, -x, "two")
    one.flush()
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    assert [line.get_color() for line in legend.get_lines()] == ["C0", "C1"]
    assert [line.get_ydata()[-1] for line in axes.lines] == [9, 1, -1]
    assert one.fig is two.fig is figure
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("my x", "my y")
    one.xlabel = "steps"
    one.redraw()
    assert axes.get_xlabel() == "steps"


def test_axes_that_the_reader_clears_are_drawn_anew():
    axes = plt.subplots()[1]
    board = d2l.ProgressBoard(axes=axes)
    board.draw(0, 1, "a")
    axes.cla()
    board.draw(1, 1, "a")
    assert [len(line.get_xdata()) for line in axes.lines] == [2]
    axes.cla()
    board.reset()
    board.draw(0, 1, "b")
    assert [line.get_label() for line in axes.lines] == ["b"]


@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
def test_a_copy_of_a_board_has_its_settings_and_no_curves(way):
    ways = {"pickle": lambda board: pickle.loads(pickle.dumps(board))}
    axes = plt.subplots()[1]
    board = d2l.ProgressBoard("x", axes=axes, display=False, figsize=(2, 2))
    board.yscale = "log"
    board.draw(1, 1, "a")
    other = ways.get(way, getattr(copy, way, None))(board)
    assert (other.xlabel, other.yscale, other.display) == ("x", "log", False)
    assert other.data == {} and board.data
    other.draw(1, 1, "b")
    other.redraw()
    assert other.axes is not axes and not axes.lines
    assert other.fig.get_size_inches().tolist() == [2, 2]


def test_many_fits_of_a_script_leave_ten_figures_open():
    others = [plt.figure() for _ in range(15)]
    data = d2l.SyntheticRegressionData(torch.ones(2), 0, 0.1, 4, 4, 4)
    boards = []
    for _ in range(12):
        model = d2l.LinearRegression(0.1)
        d2l.Trainer(1).fit(model, data)  # more than 20 would be a warning
        boards.append(model.board)
    plt.close("all")
    open_figures = [board.fig for board in boards[-10:]]
    assert list(plotting._boards) == open_figures and len(others) == 15
    assert all(len(board.axes.lines) == 2 for board in boards)


def test_a_fit_in_a_thread_opens_no_window():
    board, before = d2l.ProgressBoard("x"), plt.get_fignums()
    thread = threading.Thread(target=board.draw, args=(0, 1, "a"))
    thread.start(), thread.join()
    assert len(board.axes.lines) == 1 and plt.get_fignums() == before


def test_a_figure_in_a_window_of_its_own_gets_no_picture(shell, monkeypatch):
    board, drawn = d2l.ProgressBoard("x"), []
    board.draw(0, 1, "a")
    canvas = board.fig.canvas
    monkeypatch.setattr(
        type(canvas), "required_interactive_framework", "qt", raising=False
    )
    monkeypatch.setattr(canvas, "draw_idle", lambda: drawn.append(1))
    board.flush()
    assert drawn == [1] and shell.display_pub.outputs == []


def test_a_window_that_cannot_be_had_ends_no_training(monkeypatch):
    def fail(**options):
        raise ImportError("no screen")

    monkeypatch.setattr(plt, "figure", fail)
    board = d2l.ProgressBoard("x")
    board.draw(0, 1, "a")
    assert len(board.fig.axes[0].lines) == 1 and not plt.get_fignums()


def test_the_backend_of_a_notebook_is_chosen_outside_of_a_style(
    shell, monkeypatch
):
    calls = []
    monkeypatch.setattr(plt, "draw_if_interactive", lambda: calls.append(1))
    plotting.pyplot.cache_clear()
    assert plotting.pyplot() is plotting.pyplot() is plt
    assert calls == [1]
    del shell.kernel
    plotting.pyplot.cache_clear()
    assert plotting.pyplot() is plt and calls == [1]


class Keeping(d2l.ProgressBoard):
    """A draw of the reader's own, which leaves drawing to others."""

    def draw(self, x, y, label, every_n=1):
        self.data.setdefault(label, []).append((x, y))


class Drawing(Keeping):
    """One that draws by itself."""

    def draw(self, x, y, label, every_n=1):
        super().draw(x, y, label)
        self.fig = self.fig or plt.figure()
        plt.plot(*zip(*self.data[label], strict=True))


@pytest.mark.parametrize("own", [{}, {"axes"}, {"fig"}], ids=str)
def test_flush_draws_what_another_draw_has_kept_but_not_drawn(own):
    given = dict(zip(("fig", "axes"), plt.subplots(), strict=True))
    board = Keeping(**{name: given[name] for name in own})
    board.draw(0, 1, "a")
    board.flush()
    assert [line.get_ydata()[0] for line in board.fig.axes[0].lines] == [1]
    assert (board.fig is given["fig"]) == bool(own)
    board = Drawing()
    board.draw(0, 1, "a")
    board.flush()
    assert len(board.fig.axes[0].lines) == 1 and board.axes is None
