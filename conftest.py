"""Makes nbval a test that can fail.

nbval 0.11.0 lets some broken notebooks pass; each part below closes one gap,
and tests/notebooks/test_hardening.py shows that it is closed. Numbers that
depend on threads and instruction sets are compared under the settings of
tools/notebooks.py, the same that `make run` stores them under.
"""

import math
import os
import runpy
import time
import warnings
from collections import Counter
from functools import cache
from queue import Empty

import compare
import kernels
import nbformat
import nbval.kernel
import nbval.plugin
import pytest
import rules
import section
from notebooks import NUMERICS, ROOT, environment, scratch, settle

# Addresses in memory differ from run to run.
SANITIZER = ROOT / "tests" / "notebooks" / "sanitize.cfg"
# Other numerics than those of the stored outputs, such as "OMP_NUM_THREADS=2";
# lab/noxfile.py tries some.
VARIANT = os.environ.get("D2LMINI_NUMERICS", "").split()
VARIANT = dict(setting.split("=") for setting in VARIANT)


def start_kernel(*args, start=nbval.kernel.start_new_kernel, **kwargs):
    """Start kernels in the environment of `make run`, or in a variant."""
    with kernels.forked():
        return start(*args, **kwargs, env=environment(**VARIANT))


def await_reply(self, msg_id, timeout=None):
    """Wait for a cell to end, and notice at once when its kernel dies."""
    self.last_reply, deadline = {}, time.monotonic() + (timeout or math.inf)
    while self.last_reply.get("msg_id") != msg_id:
        try:
            message = self.get_message(stream="shell", timeout=1)
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died in this cell") from None
            if time.monotonic() > deadline:
                raise
            continue
        self.last_reply = message["parent_header"] | message["content"]


def get_message(
    self, timeout=None, get=nbval.plugin.IPyNbFile.get_kernel_message
):
    """Let a cell change a picture that it has shown, as front ends do."""
    message = get(self, timeout)
    content, shown = message["content"], vars(self).setdefault("shown", {})
    name = content.get("transient", {}).get("display_id")
    if message["msg_type"] == "display_data" and name:
        # As a node, which nbval keeps and does not copy.
        shown[name] = content["data"] = nbformat.from_dict(content["data"])
    if message["msg_type"] == "update_display_data" and name in shown:
        shown[name].clear()
        shown[name].update(content["data"])
    return message


def runtest(self, run=nbval.plugin.IPyNbCell.runtest):
    """Fail a cell that ended in an error, or did not, against its tag.

    A magic that does not exist is an error that leaves no output, although
    the rest of its cell does not run. What nbval does not compare is compared
    here, and a cell may leave no file beside its notebook.
    """
    before = compare.listing(self.parent.path.parent)
    run(self)
    reply, found = self.parent.kernel.last_reply, []
    if reply["status"] != ("ok", "error")[self.options["check_exception"]]:
        what = reply.get("evalue", "no exception")
        found.append(f"ended in {reply['status']}, against its tags: {what}")
    if not self.options["on_standin"]:
        found += compare.differences(self.cell, self.test_outputs)
    after = compare.listing(self.parent.path.parent)
    if left := {name for name, _ in after ^ before}:
        found.append(f"left {', '.join(sorted(left))} beside the notebook")
    if found:
        what = "; ".join(found)
        raise nbval.plugin.NbCellError(self.cell_num, what, self.cell.source)


nbval.kernel.start_new_kernel = start_kernel
nbval.kernel.RunningKernel.await_reply = await_reply
nbval.plugin.IPyNbFile.get_kernel_message = get_message
nbval.plugin.IPyNbCell.runtest = runtest


def pytest_configure(config):
    settle()
    config.option.nbval_sanitize_with = str(SANITIZER)
    # Unit tests may see a GPU; the kernels of the notebooks may not.
    os.environ.update(NUMERICS | os.environ)


def pytest_unconfigure():
    scratch().cleanup()  # workers end without what Python does at the end


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Refuse pages that nbval would not compare; relax cells on a stand-in.

    The longest pages begin, so that no process waits for one at the end.
    """
    cells = [i for i in items if isinstance(i, nbval.plugin.IPyNbCell)]
    for page in dict.fromkeys(cell.parent for cell in cells):
        found = rules.problems(page.path, page.nb, rules.COMPARABLE)
        if found:
            raise pytest.UsageError("\n".join(found))
    for item in cells:
        why = ""
        if "real-data" in section.tags(item.cell) and standin():
            item.options |= {"check": False, "on_standin": True}
            why = f"its images are a stand-in. {standin()}"
        elif not item.options["check"]:
            why = "it varies: near the stored output, and judged by a check"
        item.user_properties.append(("only ran", why))
    items.sort(key=seconds, reverse=True)


def seconds(item):
    """Return how long the page of a cell took when it was run; else 0."""
    is_cell = isinstance(item, nbval.plugin.IPyNbCell)
    return section.read(item.path).run.get("seconds", 0) if is_cell else 0


@cache
def standin():
    """Return why the notebooks see the stand-in, or "" where they do not.

    Where the published images cannot be had, the kernels are told so by
    D2LMINI_STANDIN, and need not find out one by one.
    """
    wish = os.environ.get("D2LMINI_STANDIN") or "auto"
    if wish == "auto":
        # One module, by itself: the package would load PyTorch.
        files = runpy.run_path(str(ROOT / "d2lmini" / "support" / "files.py"))
        os.environ["D2LMINI_STANDIN"] = "never"
        try:
            with warnings.catch_warnings():  # of a folder that keeps nothing
                warnings.simplefilter("ignore")
                files["load_images"](files["cache_folder"]())
        except OSError as error:
            os.environ["D2LMINI_STANDIN"] = "always"
            return f"{error}"
    return "D2LMINI_STANDIN=always" if wish == "always" else ""


def pytest_terminal_summary(terminalreporter):
    """Say of how many cells the outputs were compared, and of which not."""
    reports = [r for rs in terminalreporter.stats.values() for r in rs]
    reports = [r for r in reports if getattr(r, "when", "") == "call"]
    reasons = Counter(dict(r.user_properties).get("only ran") for r in reports)
    del reasons[None]  # unit tests
    if reasons:
        terminalreporter.section("cells of notebooks")
        what = f"{reasons.total()} ran, {reasons.pop('', 0)} of them"
        terminalreporter.line(f"{what} were compared")
    for why, count in reasons.items():
        terminalreporter.line(f"{count} only ran: {why}", yellow=True)
