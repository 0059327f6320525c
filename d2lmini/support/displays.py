"""Where figures show: in a notebook, in a window, or not at all.

A notebook shows a figure once in each cell that draws it, and renews that
picture in place. Matplotlib and IPython are imported when they are needed.
"""

import sys
import threading
import weakref
from collections import deque
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

_kept = deque()  # figures of boards that pyplot may still hold
_waiting = {}  # boards that may have points which no picture shows yet
_pictures = weakref.WeakKeyDictionary()  # of figures in the running cell


def in_notebook():
    """Tell whether a Jupyter kernel runs this code."""
    ipython = sys.modules.get("IPython")
    return bool(ipython) and hasattr(ipython.get_ipython(), "kernel")


@cache
def pyplot():
    """Return `matplotlib.pyplot`, which is imported by this."""
    import matplotlib.pyplot as plt

    if in_notebook():  # chosen later, within a style, it would be half undone
        plt.draw_if_interactive()  # chooses the backend
    return plt


@cache
def face():
    """Return settings that write in the face of the site, if it is installed.

    The package `font-source-sans-pro` holds it. What it lacks, and all text
    where it is not installed, is in Matplotlib's own face.
    """
    found = find_spec("font_source_sans_pro")
    if not found:
        return {}
    from matplotlib.font_manager import fontManager

    name, files = "Source Sans Pro", {"rm": "Regular", "it": "It", "bf": "Bold"}
    for file in files.values():
        path = Path(found.origin).parent / "files" / f"SourceSansPro-{file}.ttf"
        fontManager.addfont(path)
    styles = {
        "rm": "",
        "sf": "",
        "cal": ":italic",
        "it": ":italic",
        "bf": ":bold",
    }
    return {
        f"mathtext.{key}": name + style for key, style in styles.items()
    } | {
        "font.family": [name, "DejaVu Sans"],
        "font.size": 10,  # its letters are smaller
        "mathtext.fontset": "custom",
        "mathtext.fallback": "stixsans",
    }


def new_figure(figsize, display):
    """Return a figure for a board: one that `plt.show` and `savefig` know.

    Pyplot keeps every figure until it is closed, so only ten of them stay.
    Windows belong to the main thread; elsewhere pyplot does not know it.
    """
    plt = pyplot()
    if display and threading.current_thread() is threading.main_thread():
        # That no window can be had must not end a training.
        with suppress(Exception), plt.rc_context():
            plt.rcParams["figure.max_open_warning"] = 0
            # A notebook cuts its pictures to fit; a window needs room.
            layout = None if in_notebook() else "constrained"
            _kept.append(plt.figure(figsize=figsize, layout=layout))
            if len(_kept) > 10:
                plt.close(_kept.popleft())
            return _kept[-1]
    return plt.Figure(figsize=figsize)


@cache
def _shell():
    """Return the notebook's shell, which then shows figures as pictures."""
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import configure_inline_support

    shell = get_ipython()
    configure_inline_support(shell, pyplot().get_backend())
    # First: the others draw and show all figures that are open.
    shell.events.callbacks["post_execute"].insert(0, _end_cell)
    return shell


def show(figure):
    """Show a figure in the cell that runs; renew its picture if it has one."""
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
    # By this, `plt.show()` and the end of a cell add no second picture.
    figure._ipython_display_ = partial(show, figure)
    figure.stale = False


def flush_later(board):
    """Flush a board when the cell ends; nothing else shows its figure."""
    _shell()
    _waiting[board] = True
    board.fig._ipython_display_ = partial(show, board.fig)


def _end_cell():
    """Show what waits; whoever draws in a later cell gets a picture there."""
    for board in _waiting:
        board.flush()
    for figure in list(_pictures):
        show(figure)
        pyplot().close(figure)  # or the backend would render it once more
    _waiting.clear()
    _pictures.clear()


def show_light_pictures():
    """Let the notebook show all figures as `pictures.png` makes them."""
    from .pictures import png

    formatters = _shell().display_formatter.formatters
    formatters["image/png"].for_type(pyplot().Figure, png)
