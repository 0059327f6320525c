"""Figures: line plots, rows of images, and curves that grow (2.5, 3.2, 4.2).

Everything is drawn on a transparent ground in tones of middle lightness, so
that one picture reads well on a white page and on a dark one. Matplotlib is
imported when the first figure is drawn, not with the package.
"""

import io
import sys
import threading
import time
import weakref
from collections import deque, namedtuple
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch

from .oop import HyperParameters
from .support.checks import check_numbers, check_whole

GRAY = "#767676"  # text and axes; the style file holds the other tones
GREY = GRAY  # as it was called in version 1.0
STYLE = Path(__file__).with_name("book.mplstyle")
Point = namedtuple("Point", ["x", "y"])

_size = (3.5, 2.5)  # of later figures, in inches
_boards = deque()  # figures of boards that pyplot may still hold
_waiting = []  # boards with points that no picture shows yet
_pictures = weakref.WeakKeyDictionary()  # of figures in the running cell
_ready = weakref.WeakSet()  # shells that show figures
_curves = weakref.WeakSet()  # lines that belong to a board


def in_notebook():
    """Tell whether a Jupyter kernel runs this code."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


@cache
def pyplot():
    """Return `matplotlib.pyplot`, which is imported by this."""
    import matplotlib.pyplot as plt

    if in_notebook():  # chosen later, within a style, it would be half undone
        plt.draw_if_interactive()  # chooses the backend
    return plt


def _shell():
    """Return the notebook's shell, which then shows figures as pictures."""
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import configure_inline_support

    shell = get_ipython()
    if shell not in _ready:
        _ready.add(shell)
        configure_inline_support(shell, pyplot().get_backend())
        # First: the others draw and show all figures that are open.
        shell.events.callbacks["post_execute"].insert(0, _end_cell)
    return shell


def set_style():
    """Draw all later Matplotlib figures of this process in the book's style.

    `plot`, `show_images` and `ProgressBoard` use the style without it.
    """
    plt = pyplot()
    plt.style.use(STYLE)
    if in_notebook():
        formatters = _shell().display_formatter.formatters
        formatters["image/png"].for_type(plt.Figure, _png)


def _png(figure):
    """Return a figure as PNG bytes, and the size at which to show it.

    Twice the resolution is sharp on fine screens; a palette makes the picture
    a third as heavy.
    """
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(
        full,
        dpi=2 * figure.dpi,
        bbox_inches=figure.get_tightbbox().padded(0.1),  # "tight" draws twice
        pil_kwargs={"compress_level": 0},  # it is read again at once
    )
    picture = _with_palette(Image.open(full))
    # Level 9 would take twice the time, for 2 % less.
    picture.save(small, "png", compress_level=8)
    width, height = picture.size
    return small.getvalue(), {"width": width // 2, "height": height // 2}


def _with_palette(picture):
    """Return a picture with a palette, if one keeps its tones apart.

    Pillow's palette is the lightest, and good enough for lines and letters,
    but it merges near tones, as of images. They get their own most frequent
    colors, and keep all of them where these are too few.
    """
    from PIL import Image, ImageChops, ImageStat

    white = Image.new("RGBA", picture.size, "white")

    def on_white(image):
        return Image.alpha_composite(white, image.convert("RGBA"))

    def is_close(few):
        """Tell whether `few` is at most one level of 255 off, on average."""
        change = ImageChops.difference(on_white(picture), on_white(few))
        return sum(ImageStat.Stat(change).mean) / 3 <= 1  # no alpha is left

    few = picture.quantize(128)
    if is_close(few):
        return few
    colors, places, counts = np.unique(
        np.asarray(picture).view(np.uint32),
        return_inverse=True,
        return_counts=True,
    )
    if len(colors) > 10_000:  # a photograph
        return picture
    kept = (-counts).argsort(kind="stable")[:256]
    colors = colors.view(np.uint8).reshape(-1, 4)
    tones = torch.from_numpy(colors).float()
    tones[:, :3] *= tones[:, 3:] / 255  # what is transparent shows less
    nearest = torch.cdist(tones, tones[kept]).argmin(dim=1)
    places = nearest.numpy().astype(np.uint8)[places]
    few = Image.fromarray(places.reshape(picture.size[::-1]))
    few.putpalette(colors[kept].tobytes(), "RGBA")
    return few if is_close(few) else picture


def use_svg_display():
    """Do nothing: figures here are PNG, which the tests can keep stable.

    Code written for D2L calls this name before it plots.
    """


def set_figsize(figsize=(3.5, 2.5)):
    """Set the size of later figures: (width, height) in inches.

    `plot` and `ProgressBoard` follow it unless they are given a size.
    """
    global _size
    pyplot().rcParams["figure.figsize"] = figsize
    _size = tuple(figsize)


def set_axes(
    axes, xlabel=None, ylabel=None, xlim=None, ylim=None,
    xscale="linear", yscale="linear", legend=None
):  # fmt: skip
    """Label and scale `axes`; `legend` is a list of names, one a curve."""
    axes.set(xlabel=xlabel or "", ylabel=ylabel or "")
    axes.set(xscale=xscale, yscale=yscale)
    if xlim is not None:  # setting None would stop the axis from growing
        axes.set_xlim(xlim)
    if ylim is not None:
        axes.set_ylim(ylim)
    if names := _listed(legend):
        axes.legend(names)
    axes.grid(True)


def _listed(names):
    """Return a list of names: a string is one name, not a list of letters."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def _array(values):
    """Turn a tensor, an array or lists of them into one array.

    A tensor may require grad, be sparse, or have a type that NumPy lacks.
    """
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        if values.layout != torch.strided:
            values = values.to_dense()
        if values.is_floating_point() and values.dtype != torch.float64:
            values = values.float()
        return values.resolve_conj().resolve_neg().numpy()
    if isinstance(values, (list, tuple)):
        values = [_array(value) for value in values]
    return np.asarray(values)


def _series(data):
    """Split `data` into a list of 1-D arrays, one for each curve."""
    if isinstance(data, (list, tuple)):
        data = [_array(item) for item in data]
    if not isinstance(data, list) or not any(item.ndim for item in data):
        data = _array(data)
        data = [data] if data.ndim < 2 or data.shape[1] == 1 else list(data)
    return [_curve(item) for item in data]


def _curve(values):
    """Return a row or a column of real numbers as a 1-D array."""
    if values.ndim == 2 and 1 in values.shape:
        values = values.reshape(-1)
    if values.ndim != 1 or values.dtype.kind not in "biufmM":  # or dates
        raise ValueError(
            "A curve is a row or a column of real numbers, not "
            f"{values.dtype} of shape {values.shape}; try reshape(-1)."
        )
    return values


def plot(
    X, Y=None, xlabel=None, ylabel=None, legend=None, xlim=None, ylim=None,
    xscale="linear", yscale="linear", fmts=("-", "--", "-.", ":"),
    figsize=None, axes=None
):  # fmt: skip
    """Plot curves as lines.

    `X` and `Y` are one series of numbers (list, array or tensor of shape (n,)
    or (n, 1)) or a list of them; one `X` serves every `Y`, and without `Y` the
    series in `X` are plotted against their index. Draws into `axes`, into
    pyplot's current axes if nothing is plotted there yet, or else into a new
    figure of `figsize` inches, by default that of `set_figsize`. Formats
    repeat when there are more curves than `fmts`.

    Raises ValueError when `X`, `Y` and `legend` do not fit together.
    """
    ys = _series(X if Y is None else Y)
    xs = [np.arange(y.size) for y in ys] if Y is None else _series(X)
    if len(xs) == 1:
        xs = xs * len(ys)
    if [x.shape for x in xs] != [y.shape for y in ys]:
        raise ValueError(
            f"X holds series of shapes {[x.shape for x in xs]}, but Y of "
            f"shapes {[y.shape for y in ys]}; they must be the same."
        )
    names, fmts = _listed(legend), _listed(fmts) or ["-"]
    if len(names) not in (0, len(ys)):
        raise ValueError(
            f"legend must have {len(ys)} names, one for each curve, "
            f"not {names}."
        )
    plt = pyplot()
    with plt.style.context(STYLE):
        if axes is None:
            axes = _vacant_axes() or plt.subplots(figsize=figsize or _size)[1]
        axes.cla()
        for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
            axes.plot(x, y, fmts[i % len(fmts)])
        axes.tick_params(colors=GRAY)  # ticks may be made later, without style
        set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, names)


def _vacant_axes():
    """Return pyplot's current axes, if there are any and they are empty."""
    plt = pyplot()
    axes = plt.gca() if plt.get_fignums() else None
    return None if axes is None or axes.has_data() else axes


def _picture(image):
    """Bring a (1, h, w), (3, h, w), (h, w) or (h, w, 3) image to pixels."""
    image = _array(image)
    shape = image.shape
    if (
        image.ndim == 3
        and shape[0] in (1, 3, 4)
        and (shape[0] < 4 or shape[2] not in (3, 4))
    ):
        image = np.moveaxis(image, 0, -1)
    colors = image.shape[2:]
    if (
        image.ndim not in (2, 3)
        or not image.size
        or colors not in ((), (1,), (3,), (4,))
        or image.dtype.kind not in "biuf"
    ):
        raise ValueError(
            "An image has real numbers in shape (h, w) or (3, h, w), not "
            f"{image.dtype} in shape {shape}."
        )
    image = image.astype(float) if image.dtype == bool else image
    top = 1 if image.dtype.kind == "f" else 255
    if colors in ((3,), (4,)) and ((image < 0) | (image > top)).any():
        low, high = _range(image)
        image = np.clip((image - low) / (high - low or 1), 0, 1)
    return image


def _range(values):
    """Return the least and the greatest number, infinite ones left out."""
    finite = values[np.isfinite(values)]
    return (finite.min(), finite.max()) if finite.size else (0, 1)


def show_images(imgs, num_rows, num_cols, titles=None, scale=1.5, cmap="gray"):
    """Show a grid of images and return its axes as a flat array.

    `imgs` holds tensors, arrays or PIL images of shape (h, w), (1, h, w) or
    (3, h, w); each cell of the grid is `scale` inches wide and high.
    `titles`, if given, has one for each image that has a cell. In gray the
    smallest number of an image is black and the largest white; so it is for
    each color image that leaves the range from 0 to 1 (integers: to 255).
    """
    check_whole(1, num_rows=num_rows, num_cols=num_cols)
    check_numbers(0.1, scale=scale)
    imgs = [_picture(image) for image in islice(imgs, num_rows * num_cols)]
    titles = [""] * len(imgs) if titles is None else _listed(titles)
    if len(imgs) > len(titles):
        raise ValueError(
            f"{len(imgs)} images need as many titles, not {titles}."
        )
    plt = pyplot()
    with plt.style.context(STYLE):
        size = num_cols * scale, num_rows * scale
        # A title stands nearer to its own image than to the one above it.
        grid = {"hspace": 0.4 if any(titles) else 0.2}
        axes = plt.subplots(
            num_rows, num_cols, figsize=size, squeeze=False, gridspec_kw=grid
        )[1]
    axes = axes.flatten()
    for ax in axes:
        ax.axis("off")
    for ax, image, title in zip(axes, imgs, titles, strict=False):
        ax.imshow(image, cmap=cmap)
        ax.set_title(title)
    return axes


def show_heatmaps(
    matrices, xlabel, ylabel, titles=None, figsize=(2.5, 2.5), cmap="Reds"
):
    """Show a grid of matrices as colors, on one scale.

    `matrices` has shape (rows, columns, h, w): one matrix for each place of
    the grid. `titles`, if given, has one for each column. `figsize` is in
    inches.
    """
    matrices, titles = _array(matrices), _listed(titles)
    if (
        matrices.ndim != 4
        or not matrices.size
        or matrices.dtype.kind not in "biuf"
    ):
        raise ValueError(
            "matrices must have real numbers in shape (rows, columns, h, w), "
            f"not {matrices.dtype} in shape {matrices.shape}; for one matrix "
            "try reshape(1, 1, h, w)."
        )
    num_rows, num_cols = matrices.shape[:2]
    if len(titles) not in (0, num_cols):
        raise ValueError(
            f"{num_cols} columns need as many titles, not {titles}."
        )
    plt = pyplot()
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(
            num_rows, num_cols, figsize=figsize, sharex=True, sharey=True,
            squeeze=False
        )  # fmt: skip
        low, high = _range(matrices)
        for ax, matrix in zip(
            axes.flat, matrices.reshape(-1, *matrices.shape[2:]), strict=True
        ):
            image = ax.imshow(matrix, cmap=cmap, vmin=low, vmax=high)
            ax.grid(False)
        for ax, title in zip(axes[0], titles, strict=False):
            ax.set_title(title)
        for ax in axes[-1]:
            ax.set_xlabel(xlabel)
        for ax in axes[:, 0]:
            ax.set_ylabel(ylabel)
        figure.colorbar(image, ax=axes, shrink=0.6)


def _new_figure(figsize, display):
    """Return a figure for a board: one that `plt.show` and `savefig` know.

    Pyplot keeps every figure until it is closed, so only ten of them stay.
    Windows belong to the main thread; elsewhere pyplot does not know it.
    """
    plt = pyplot()
    main = threading.current_thread() is threading.main_thread()
    if not (display and main):
        return plt.Figure(figsize=figsize)
    if len(_boards) == 10:
        plt.close(_boards.popleft())
    try:
        with plt.rc_context({"figure.max_open_warning": 0}):
            _boards.append(plt.figure(figsize=figsize))
    except Exception:  # no window can be had, which must not end a training
        return plt.Figure(figsize=figsize)
    return _boards[-1]


def _show(figure):
    """Show a figure in the cell that runs; renew its picture if it has one.

    IPython is told to display the figure of a board by this function, so that
    `plt.show()` and the end of a cell add no second picture.
    """
    from IPython.display import display

    if figure.canvas.required_interactive_framework:  # it is live by itself
        figure.canvas.draw_idle()
        return
    _shell()
    vars(figure).pop("_ipython_display_", None)  # display it as it is
    if figure not in _pictures:
        _pictures[figure] = display(figure, display_id=True)
    elif figure.stale:
        _pictures[figure].update(figure)
    figure._ipython_display_ = partial(_show, figure)
    figure.stale = False


def _end_cell():
    """Show what waits; whoever draws in a later cell gets a picture there."""
    for board in _waiting:
        board.flush()
    for figure in list(_pictures):
        _show(figure)
        pyplot().close(figure)  # or the backend would render it once more
    _waiting.clear()
    _pictures.clear()


class ProgressBoard(HyperParameters):
    """Curves that grow while a model trains.

    In a notebook they are one picture in each cell that draws: it appears
    when the cell ends, or after a second, and is then renewed in place every
    few seconds. In a script they are a figure that `plt.show()` shows.
    """

    def __init__(
        self, xlabel=None, ylabel=None, xlim=None, ylim=None,
        xscale="linear", yscale="linear", ls=("-", "--", "-.", ":"),
        colors=("C0", "C1", "C2", "C3", "C4", "C5"), fig=None, axes=None,
        figsize=None, display=True
    ):  # fmt: skip
        ls, colors = _listed(ls) or ["-"], _listed(colors) or ["C0"]
        self.save_hyperparameters()
        self.reset()

    def __getstate__(self):
        # A copy has the settings, and draws curves of its own.
        runtime = {"raw_points", "data", "fig", "axes"}
        state = {
            name: value
            for name, value in vars(self).items()
            if name not in runtime and not name.startswith("_")
        }
        state["hparams"] = self.hparams | {"fig": None, "axes": None}
        return state

    def __setstate__(self, state):
        vars(self).update(state)
        self.reset()

    def reset(self):
        """Forget all curves; the next point starts a new figure."""
        for line in getattr(self, "_lines", {}).values():
            if line.axes is not None:  # or they were cleared by the reader
                line.remove()
        self.raw_points, self.data, self._lines = {}, {}, {}
        # What is done in a second is shown once, at its end.
        self._next_redraw = time.monotonic() + 1
        self.fig, self.axes = self.hparams["fig"], self.hparams["axes"]

    def draw(self, x, y, label, every_n=1):
        """Add the point (x, y) to the curve `label`.

        `x` and `y` are numbers, tensors with one element, or functions that
        return one. The curve gets one point for every `every_n` calls: the
        mean of their points.
        """
        check_numbers(0, every_n=every_n)
        waiting = self.raw_points.setdefault(label, [])
        waiting.append((_number(x), _number(y)))
        if len(waiting) < every_n:
            return
        curve = self.data.setdefault(label, [])
        curve.append(Point(*np.mean(waiting, axis=0).tolist()))
        waiting.clear()
        if self.display:
            self._extend(label)

    def _extend(self, label):
        """Bring one curve up to date, and show it if it is time to."""
        points, line = self.data[label], self._lines.get(label)
        if (
            line is None
            or line.axes is None  # the reader may clear the axes
            or self.axes.get_xscale() != self.xscale
            or self.axes.get_yscale() != self.yscale
        ):
            self._update()
        elif len(points) <= 1000:  # later ones, for speed, by flush alone
            line.set_data(*zip(*points, strict=True))
            self.axes.update_datalim(points[-1:])
            self.axes.autoscale(None)
        if not in_notebook():
            return
        if time.monotonic() >= self._next_redraw:
            self.redraw()
        elif self not in _waiting:
            _shell()
            _waiting.append(self)

    def flush(self):
        """Bring the figure up to date now, if a point waits for that.

        `Trainer.fit` does so at its end, and a notebook when a cell ends.
        """
        if not self.display or not self.data:
            return
        if self._lines:
            waits = self.fig.stale
        else:  # a draw of the reader's own: has it drawn, or only kept points?
            places = [self.axes] if self.axes else getattr(self.fig, "axes", ())
            waits = not any(axes.has_data() for axes in places)
        if waits:
            self.redraw()

    def redraw(self):
        """Bring the figure up to date and show it where a notebook runs."""
        start = time.monotonic()
        self._update()
        if self.display and in_notebook():
            _show(self.fig)
        # Pictures take 0.5 % of the time, unless that makes them rare.
        now = time.monotonic()
        self._next_redraw = now + min(199 * (now - start), 12)

    def _update(self):
        """Make the figure if need be, and bring all of it up to date."""
        with pyplot().style.context(STYLE):
            if self.axes is None:
                size = self.figsize or _size
                self.fig = self.fig or _new_figure(size, self.display)
                self.axes = self.fig.gca()
            self.fig = self.axes.get_figure(root=True)
            for label, points in self.data.items():
                line = self._lines.get(label)
                if line is None or line.axes is None:
                    i = len(self._curves())
                    style = self.ls[i % len(self.ls)]
                    color = self.colors[i % len(self.colors)]
                    (line,) = self.axes.plot([], ls=style, c=color, label=label)
                    self._lines[label] = line
                    _curves.add(line)
                line.set_data(*zip(*points, strict=True))
            self.axes.relim()
            self.axes.autoscale_view()
            set_axes(
                self.axes,
                self.xlabel or self.axes.get_xlabel(),
                self.ylabel or self.axes.get_ylabel(),
                self.xlim,
                self.ylim,
                self._scale(self.xscale, 0),
                self._scale(self.yscale, 1),
            )
            curves = self._curves()
            self.axes.legend(curves, [line.get_label() for line in curves])
        if self.display and in_notebook():
            self.fig._ipython_display_ = partial(_show, self.fig)

    def _curves(self):
        """Return the lines on these axes that a board has drawn."""
        return [line for line in self.axes.lines if line in _curves]

    def _scale(self, scale, axis):
        """Return a scale; one of logarithms waits for a positive number."""
        points = chain(*self.data.values())
        if scale == "log" and not any(point[axis] > 0 for point in points):
            return "linear"
        return scale


def _number(value):
    """Return a number, a tensor of one, or what a function returns of these."""
    value = _array(value() if callable(value) else value)
    if value.size != 1 or value.dtype.kind not in "biuf":
        raise ValueError(
            "A point of a curve is made of two real numbers, not of "
            f"{value.dtype} of shape {value.shape}."
        )
    return value.item()
