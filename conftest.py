"""Makes nbval a test that can fail.

nbval 0.11.0 lets some broken notebooks pass; each part below closes one gap,
and tests/test_hardening.py shows that it is closed. Numbers that depend on
threads and instruction sets are compared under the settings of
tools/notebooks.py, the same that `make run` stores them under.
"""

import os
import runpy
import time
import warnings
from queue import Empty

import compare
import nbformat
import nbval.kernel
import nbval.plugin
import pytest
from notebooks import KERNEL, NUMERICS, ROOT, TAGS

# Other numerics than those of the stored outputs, such as "OMP_NUM_THREADS=2";
# noxfile.py tries some.
VARIANT = os.environ.get("D2LMINI_NUMERICS", "").split()
VARIANT = dict(setting.split("=") for setting in VARIANT)


def start_kernel(*args, start=nbval.kernel.start_new_kernel, **kwargs):
    """Start kernels under the pinned numerics.

    Without PYTEST_CURRENT_TEST, or ipykernel would not capture what C code
    prints, which `make run` does capture.
    """
    env = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    return start(*args, **kwargs, env=env | KERNEL | VARIANT)


def await_reply(self, msg_id, timeout=None):
    """Wait for a cell to end, and notice at once when its kernel dies."""
    deadline = time.monotonic() + (timeout or float("inf"))
    while True:
        step = min(1.0, max(0.0, deadline - time.monotonic()))
        try:
            message = self.get_message(stream="shell", timeout=step)
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died in this cell") from None
            if time.monotonic() >= deadline:
                raise
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            self.last_reply = message["content"]
            if self.last_reply["status"] == "aborted":
                raise RuntimeError("the kernel aborted this cell")
            return


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
        return self.get_kernel_message(timeout)
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
    if (reply["status"] == "error") != self.options["check_exception"]:
        what = reply.get("evalue", "no exception")
        found.append(f"ended in {reply['status']}, against its tags: {what}")
    if not self.options["on_standin"]:
        found += compare.differences(self.cell, self.test_outputs)
    after = compare.listing(self.parent.path.parent)
    if left := {name for name, _ in after.items() ^ before.items()}:
        found.append(f"left {', '.join(sorted(left))} beside the notebook")
    if found:
        message = "; ".join(found)
        raise nbval.plugin.NbCellError(self.cell_num, message, self.cell.source)


nbval.kernel.start_new_kernel = start_kernel
nbval.kernel.RunningKernel.await_reply = await_reply
nbval.plugin.IPyNbFile.get_kernel_message = get_message
nbval.plugin.IPyNbCell.runtest = runtest


def pytest_configure(config):
    # Unit tests may see a GPU; the kernels of the notebooks may not.
    for variable, value in NUMERICS.items():
        os.environ.setdefault(variable, value)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Refuse cells that nbval would not compare; relax those on a stand-in."""
    cells = [i for i in items if isinstance(i, nbval.plugin.IPyNbCell)]
    complaints, on_images = [], []
    for item in cells:
        where = f"{item.parent.path.name}, cell {item.cell_num}"
        tags = set(item.cell.metadata.get("tags", []))
        if item.cell.execution_count is None and item.cell.source.strip():
            complaints.append(f"{where} was saved without being run")
        if tags - TAGS:
            complaints.append(f"{where} has unknown tags {sorted(tags - TAGS)}")
        if "NBVAL" in item.cell.source:
            complaints.append(f"{where} steers nbval by a comment")
        if "real-data" in tags:
            on_images.append(item)
    if complaints:
        raise pytest.UsageError("; ".join(complaints))
    if on_images and on_standin():
        for item in on_images:
            item.options["check"] = False
            item.options["on_standin"] = True


def on_standin():
    """Tell whether the notebooks see the stand-in; see that all see the same.

    Where the published images cannot be had, the kernels are told so, and
    need not find out one by one.
    """
    wish = os.environ.get("D2LMINI_STANDIN", "auto")
    if wish == "auto":
        # One module, by itself: the package would load PyTorch.
        path = ROOT / "d2lmini" / "files.py"
        files = runpy.run_path(str(path))
        os.environ["D2LMINI_STANDIN"] = "never"
        try:
            with warnings.catch_warnings():  # of a folder that keeps nothing
                warnings.simplefilter("ignore")
                files["load_images"](files["cache_folder"]())
        except OSError:
            wish = "always"
        os.environ["D2LMINI_STANDIN"] = wish
    return wish == "always"
