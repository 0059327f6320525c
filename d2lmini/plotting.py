"""Figures: line plots, rows of images, and curves that grow (2.5, 3.2, 4.2).

Everything is drawn on a transparent ground in tones of middle lightness, so
that one picture reads well on a white page and on a dark one. Matplotlib is
imported when the first figure is drawn, not with the package.
"""

import io
import sys
import time
from collections import namedtuple
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from .checks import check, check_numbers, check_whole
from .oop import HyperParameters

GREY = "#767676"  # text and axes; the style file holds the other tones
STYLE = Path(__file__).with_name("book.mplstyle")
Point = namedtuple("Point", ["x", "y"])


def _pyplot():
    import matplotlib.pyplot as plt

    return plt


def in_notebook():
    """Tell whether a Jupyter kernel runs this code."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def set_style():
    """Draw all later Matplotlib figures of this process in the book's style.

    `plot`, `show_images` and `ProgressBoard` use the style without it.
    """
    plt = _pyplot()
    plt.style.use(STYLE)
    if in_notebook():
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import configure_inline_support

        # Afterwards the inline backend leaves the choice of a format alone.
        configure_inline_support(get_ipython(), plt.get_backend())
        formatters = get_ipython().display_formatter.formatters
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
    """Set the size of later figures: (width, height) in inches."""
    _pyplot().rcParams["figure.figsize"] = figsize


def set_axes(
    axes, xlabel=None, ylabel=None, xlim=None, ylim=None,
    xscale="linear", yscale="linear", legend=()
):  # fmt: skip
    """Label and scale `axes`; `legend` is a list of names, one a curve."""
    axes.set(xlabel=xlabel or "", ylabel=ylabel or "")
    axes.set(xscale=xscale, yscale=yscale)
    if xlim is not None:  # setting None would stop the axis from growing
        axes.set_xlim(xlim)
    if ylim is not None:
        axes.set_ylim(ylim)
    if legend:
        axes.legend(_listed(legend))
    axes.grid(True)


def _listed(names):
    """Return a list of names: a string is one name, not a list of letters."""
    return [names] if isinstance(names, str) else names


def _array(values):
    """Turn a tensor (also one that requires grad) or a list into an array."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
    return np.asarray(values)


def _series(data):
    """Split `data` into a list of 1-D arrays, one for each curve."""
    if isinstance(data, (list, tuple)):
        data = [_array(item) for item in data]
    if not isinstance(data, list) or not any(item.ndim for item in data):
        data = _array(data)
        data = [data] if data.ndim < 2 or data.shape[1] == 1 else list(data)
    for curve in data:
        what = f"{curve.dtype} of shape {curve.shape}; try reshape(-1)"
        flat = curve.ndim == 1 and curve.dtype.kind in "biufmM"  # or dates
        check(flat, f"a curve is a row of real numbers, not {what}")
    return data


def plot(
    X, Y=None, xlabel=None, ylabel=None, legend=(), xlim=None, ylim=None,
    xscale="linear", yscale="linear", fmts=("-", "--", "-.", ":"),
    figsize=(3.5, 2.5), axes=None
):  # fmt: skip
    """Plot curves as lines.

    `X` and `Y` are one series of numbers (list, array or tensor) or a list
    of them; one `X` serves every `Y`, and without `Y` the series in `X` are
    plotted against their index. Draws into `axes`, or a new figure of
    `figsize` inches. Formats repeat when there are more curves than `fmts`.

    Raises ValueError when `X`, `Y` and `legend` do not fit together.
    """
    ys = _series(X if Y is None else Y)
    xs = [np.arange(y.size) for y in ys] if Y is None else _series(X)
    if len(xs) == 1:
        xs = xs * len(ys)
    if [x.shape for x in xs] != [y.shape for y in ys]:
        raise ValueError(
            f"X holds series of shapes {[x.shape for x in xs]}, "
            f"Y of shapes {[y.shape for y in ys]}; they must be the same"
        )
    sentence = f"legend must have {len(ys)} names, one a curve, not {legend}"
    check(len(_listed(legend)) in (0, len(ys)), sentence)
    fmts = _listed(fmts)
    plt = _pyplot()
    with plt.style.context(STYLE):
        if axes is None:
            axes = plt.subplots(figsize=figsize)[1]
        axes.cla()
        for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
            axes.plot(x, y, fmts[i % len(fmts)])
        axes.tick_params(colors=GREY)  # ticks may be made later, without style
        set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend)


def _picture(image):
    """Bring a (1, h, w), (3, h, w), (h, w) or (h, w, 3) image to pixels."""
    image = _array(image)
    sentence = f"an image has shape (h, w) or (3, h, w), not {image.shape}"
    check(image.ndim in (2, 3) and image.size, sentence)
    if image.ndim == 3 and image.shape[0] in (1, 3):
        image = np.moveaxis(image, 0, -1)
    return image


def show_images(imgs, num_rows, num_cols, titles=None, scale=1.5, cmap="gray"):
    """Show a grid of images and return its axes as a flat array.

    `imgs` holds tensors, arrays or PIL images of shape (h, w), (1, h, w) or
    (3, h, w); each cell of the grid is `scale` inches wide and high.
    `titles`, if given, has one for each image that has a cell.
    """
    check_whole(1, num_rows=num_rows, num_cols=num_cols)
    check_numbers(0.1, scale=scale)
    imgs = [_picture(image) for image in islice(imgs, num_rows * num_cols)]
    titles = [""] * len(imgs) if titles is None else _listed(titles)
    sentence = f"{len(imgs)} images need as many titles, not {titles}"
    check(len(imgs) <= len(titles), sentence)
    plt = _pyplot()
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


class ProgressBoard(HyperParameters):
    """Curves that grow in place while a model trains.

    Each board owns its figure. In a notebook the figure is shown once and
    then updated, so that the cell keeps exactly one picture.
    """

    def __init__(
        self, xlabel=None, ylabel=None, xlim=None, ylim=None,
        xscale="linear", yscale="linear", ls=("-", "--", "-.", ":"),
        colors=("C0", "C1", "C2", "C3", "C4", "C5"), fig=None, axes=None,
        figsize=(3.5, 2.5), display=True
    ):  # fmt: skip
        ls, colors = _listed(ls), _listed(colors)
        self.save_hyperparameters()
        self.reset()

    def reset(self):
        """Forget all curves; the next point starts a new figure."""
        for line in getattr(self, "_lines", {}).values():
            line.remove()
        self.raw_points, self.data = {}, {}
        self._lines, self._handle = {}, None
        # What is done in two seconds is drawn once, at its end.
        self._next_redraw = time.monotonic() + 2
        self._stale = False
        self.fig, self.axes = self.hparams["fig"], self.hparams["axes"]

    def draw(self, x, y, label, every_n=1):
        """Add the point (x, y) to the curve `label`.

        `x` and `y` are numbers or tensors with one element. The curve gets
        one point for every `every_n` calls: the mean of their points.
        """
        check_numbers(0, every_n=every_n)
        waiting = self.raw_points.setdefault(label, [])
        waiting.append((_array(x).item(), _array(y).item()))
        if len(waiting) < every_n:
            return
        curve = self.data.setdefault(label, [])
        curve.append(Point(*np.mean(waiting, axis=0).tolist()))
        waiting.clear()
        self._stale = True
        if self.display and in_notebook():
            if time.monotonic() >= self._next_redraw:
                self.redraw()
            else:
                self._redraw_after_cell()

    def redraw(self):
        """Bring the figure up to date and show it where a notebook runs."""
        start = time.monotonic()
        with _pyplot().style.context(STYLE):
            self._update_lines()
            if self.display and in_notebook():
                self._show()
        self._stale = False
        # Drawing takes 0.5 % of the time, however fast points come.
        self._next_redraw = 200 * time.monotonic() - 199 * start

    def _update_lines(self):
        if self.axes is None:
            from matplotlib.figure import Figure

            self.fig = self.fig or Figure(figsize=self.figsize)
            self.axes = self.fig.gca()
        for i, (label, points) in enumerate(self.data.items()):
            if label not in self._lines:
                style = self.ls[i % len(self.ls)]
                colour = self.colors[i % len(self.colors)]
                self._lines[label] = self.axes.plot([], ls=style, c=colour)[0]
            self._lines[label].set_data(*zip(*points, strict=True))
        self.axes.relim()
        self.axes.autoscale_view()
        set_axes(
            self.axes, self.xlabel, self.ylabel, self.xlim, self.ylim,
            self.xscale, self.yscale, list(self.data)
        )  # fmt: skip

    def _show(self):
        from IPython.display import display

        if self._handle is None:
            self._handle = display(self.axes.figure, display_id=True)
        else:
            self._handle.update(self.axes.figure)

    def _redraw_after_cell(self):
        """Let IPython redraw when the cell ends: points may be waiting."""
        from IPython import get_ipython

        events = get_ipython().events

        def redraw(*_):
            events.unregister("post_run_cell", redraw)
            self._scheduled = False
            if self._stale:
                self.redraw()

        if not getattr(self, "_scheduled", False):
            self._scheduled = True
            events.register("post_run_cell", redraw)
