"""Figures: line plots, rows of images, and curves that grow (2.5, 3.2, 4.2).

Everything is drawn on a transparent ground in tones of middle lightness, so
that one picture reads well on a white page and on a dark one. Matplotlib is
imported when the first figure is drawn, not with the package.
"""

import time
import weakref
from collections import namedtuple
from itertools import chain, islice
from pathlib import Path

import numpy as np

from .oop import HyperParameters
from .support import arrays, displays
from .support.checks import check_numbers, check_whole
from .support.displays import in_notebook, pyplot
from .support.records import Mean

GRAY = "#767676"  # text and axes; the style file holds the other tones
GREY = GRAY  # as it was called in version 1.0
STYLE = Path(__file__).with_name("book.mplstyle")
Point = namedtuple("Point", ["x", "y"])

_size = (3.5, 2.5)  # of later figures, in inches
_curves = weakref.WeakSet()  # lines that belong to a board


def _style():
    """Return the style of the book, as Matplotlib takes it."""
    return [STYLE, displays.face()]


def set_style():
    """Draw all later Matplotlib figures of this process in the book's style.

    `plot`, `show_images` and `ProgressBoard` use the style without it.
    """
    pyplot().style.use(_style())
    if in_notebook():
        displays.show_light_pictures()


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


def _names_of(things, number, names, argument):
    """Return a list of no names, or of one for each of so many things."""
    if len(names := _listed(names)) not in (0, number):
        raise ValueError(
            f"{argument} must have {number} names, one for each of the "
            f"{things}, not {names}."
        )
    return names


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
    ys = arrays.to_series(X if Y is None else Y)
    xs = [np.arange(y.size) for y in ys] if Y is None else arrays.to_series(X)
    if len(xs) == 1:
        xs = xs * len(ys)
    if [x.shape for x in xs] != [y.shape for y in ys]:
        raise ValueError(
            f"X holds series of shapes {[x.shape for x in xs]}, but Y of "
            f"shapes {[y.shape for y in ys]}; they must be the same."
        )
    names = _names_of("curves", len(ys), legend, "legend")
    fmts = _listed(fmts) or ["-"]
    plt = pyplot()
    with plt.style.context(_style()):
        if axes is None:
            if not plt.get_fignums() or plt.gca().has_data():
                plt.figure(figsize=figsize or _size)
            axes = plt.gca()
        axes.cla()
        for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
            axes.plot(x, y, fmts[i % len(fmts)])
        axes.tick_params(colors=GRAY)  # ticks may be made later, without style
        set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, names)


def show_images(imgs, num_rows, num_cols, titles=None, scale=1.5, cmap="gray"):
    """Show a grid of images and return its axes as a flat array.

    `imgs` holds tensors, arrays or PIL images of shape (h, w), (1, h, w) or
    (3, h, w); each cell of the grid is `scale` inches wide and high.
    `titles`, if given, has one for each image that has a cell. In gray the
    smallest number of an image is black and the largest white; colors lie
    between 0 and 1 (integers: 255).
    """
    check_whole(1, num_rows=num_rows, num_cols=num_cols)
    check_numbers(0.1, scale=scale)
    imgs = islice(imgs, num_rows * num_cols)
    imgs = [arrays.to_pixels(image) for image in imgs]
    titles = [""] * len(imgs) if titles is None else _listed(titles)
    if len(imgs) > len(titles):
        raise ValueError(
            f"{len(imgs)} images need as many titles, not {titles}."
        )
    plt = pyplot()
    with plt.style.context(_style()):
        size = num_cols * scale, num_rows * scale
        # A title stands nearer to its own image than to the one above it.
        grid = {"hspace": 0.4 if any(titles) else 0.2}
        axes = plt.subplots(num_rows, num_cols, figsize=size, gridspec_kw=grid)[
            1
        ]
    axes = np.ravel(axes)
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
    matrices = arrays.to_array(matrices)
    fits = matrices.ndim == 4 and matrices.size
    expected = "matrices must have real numbers in shape (rows, columns, h, w)"
    advice = "; for one matrix try reshape(1, 1, h, w)"
    arrays.check_real(matrices, fits, expected, advice)
    shape = matrices.shape[:2]
    titles = _names_of("columns", shape[1], titles, "titles")
    plt = pyplot()
    with plt.style.context([*_style(), {"axes.grid": False}]):
        figure = plt.figure(figsize=figsize)
        axes = np.reshape(figure.subplots(*shape), shape)
        low, high = arrays.finite_range(matrices)
        for place, ax in np.ndenumerate(axes):
            image = ax.imshow(matrices[place], cmap=cmap, vmin=low, vmax=high)
            ax.set(xlabel=xlabel, ylabel=ylabel)
            ax.label_outer()
        for ax, title in zip(axes[0], titles, strict=False):
            ax.set_title(title)
        figure.colorbar(image, ax=axes, shrink=0.6)


class ProgressBoard(HyperParameters):
    """Curves that grow while a model trains.

    In a notebook they are one picture in each cell that draws: it appears
    when the cell ends, or after a second, and is then renewed in place, at
    least every dozen seconds while points arrive. In a script they are a
    figure that `plt.show()` shows.
    """

    def __init__(
        self, xlabel=None, ylabel=None, xlim=None, ylim=None,
        xscale="linear", yscale="linear", ls=("-", "--", "-.", ":"),
        colors=("C0", "C1", "C2", "C3", "C4", "C5"), fig=None, axes=None,
        figsize=None, display=True
    ):  # fmt: skip
        ls, colors = _listed(ls) or ["-"], _listed(colors) or ["C0"]
        self.save_hyperparameters()
        self._drawn = {}
        self.reset()

    def __getstate__(self):
        # A copy has the settings, and draws curves of its own.
        left = {"fig": None, "axes": None}
        fresh = {"raw_points": {}, "data": {}, "_drawn": {}}
        return vars(self) | left | fresh | {"hparams": self.hparams | left}

    def __setstate__(self, state):
        vars(self).update(state)
        self.reset()

    def reset(self):
        """Forget all curves; the next point starts a new figure.

        A figure or axes that the board was given are used again, without the
        curves. A figure of its own keeps them: it has been shown with them.
        """
        if self.hparams["fig"] or self.hparams["axes"]:
            for line in self._lines.values():
                line.remove()
        self.raw_points, self.data, self._drawn = {}, {}, {}
        # What is done in a second is shown once, at its end.
        self._next_redraw = time.monotonic() + 1
        self.fig, self.axes = self.hparams["fig"], self.hparams["axes"]

    @property
    def _lines(self):
        """The line of each curve, unless the reader has cleared the axes."""
        return {k: line for k, line in self._drawn.items() if line.axes}

    def draw(self, x, y, label, every_n=1):
        """Add the point (x, y) to the curve `label`.

        `x` and `y` are numbers, tensors with one element, or functions that
        return one. The curve gets one point for every `every_n` calls: the
        mean of their points.
        """
        check_numbers(0, every_n=every_n)
        x, y = arrays.to_number(x), arrays.to_number(y)
        means = self.raw_points.setdefault(label, Point(Mean(), Mean()))
        means.x.add(x)
        means.y.add(y)
        if means.x.weight < every_n:
            return
        del self.raw_points[label]
        point = Point(means.x.value, means.y.value)
        self.data.setdefault(label, []).append(point)
        if self.display:
            self._extend(label)

    def _extend(self, label):
        """Bring one curve up to date, and show it if it is time to."""
        points, line = self.data[label], self._lines.get(label)
        scales = line and (self.axes.get_xscale(), self.axes.get_yscale())
        if scales != (self.xscale, self.yscale):
            self._update()
        elif len(points) <= 1000:
            line.set_data(*zip(*points, strict=True))
            self.axes.update_datalim([points[-1]])
            self.axes.autoscale(None)
        self.fig.stale = True  # later points, for speed, wait for a redraw
        if in_notebook():
            displays.flush_later(self)
            if time.monotonic() >= self._next_redraw:
                self.redraw()

    def flush(self):
        """Bring the figure up to date now, if a point waits for that.

        `Trainer.fit` does so at its end, and a notebook when a cell ends.
        """
        if not self.display or not self.data:
            return
        # A draw of the reader's own may have drawn, or only kept the points.
        places = [self.axes] if self.axes else getattr(self.fig, "axes", ())
        is_drawn = any(axes.has_data() for axes in places)
        if not is_drawn or (self._lines and self.fig.stale):
            self.redraw()

    def redraw(self):
        """Bring the figure up to date and show it where a notebook runs."""
        start = time.monotonic()
        self._update()
        if self.display and in_notebook():
            displays.show(self.fig)
        # Pictures take 0.5 % of the time, unless that makes them rare.
        now = time.monotonic()
        self._next_redraw = now + min(199 * (now - start), 12)

    def _update(self):
        """Make the figure if need be, and bring all of it up to date."""
        with pyplot().style.context(_style()):
            if self.axes is None:
                size = self.figsize or _size
                self.fig = self.fig or displays.new_figure(size, self.display)
                self.axes = self.fig.gca()
            axes, self.fig = self.axes, self.axes.get_figure(root=True)
            for label, points in self.data.items():
                if label not in self._lines:
                    self._drawn[label] = self._new_line(label)
                self._drawn[label].set_data(*zip(*points, strict=True))
            axes.relim()
            axes.autoscale_view()
            xlabel = self.xlabel or axes.get_xlabel()
            ylabel = self.ylabel or axes.get_ylabel()
            scales = self._scale(self.xscale, 0), self._scale(self.yscale, 1)
            set_axes(axes, xlabel, ylabel, self.xlim, self.ylim, *scales)
            axes.legend(handles=self._curves())

    def _new_line(self, label):
        """Return a line without points, in the next style and color."""
        from matplotlib.colors import to_hex  # as the style of now has it

        i = len(self._curves())
        style = self.ls[i % len(self.ls)]
        color = to_hex(self.colors[i % len(self.colors)])
        (line,) = self.axes.plot([], ls=style, c=color, label=label)
        _curves.add(line)
        return line

    def _curves(self):
        """Return the lines on these axes that a board has drawn."""
        return [line for line in self.axes.lines if line in _curves]

    def _scale(self, scale, axis):
        """Return a scale; one of logarithms waits for a positive number."""
        points = chain(*self.data.values())
        if scale == "log" and not any(point[axis] > 0 for point in points):
            return "linear"
        return scale
