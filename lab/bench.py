"""Measures what the book promises about speed, and judges it.

    python lab/bench.py [--rounds N] [--without notebooks book ...]

A full run writes RESULTS.md and growth.csv beside this file, and exits with 1
when a goal is missed. With fewer rounds, or without a part, it prints the same
tables and writes nothing.
"""

import argparse
import csv
import json
import os
import platform
import resource
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import nbformat
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).resolve().parent.parent
RESULTS, GROWTH = (ROOT / "lab" / n for n in ("RESULTS.md", "growth.csv"))
ROUNDS = 4  # so that all takes less than ten minutes
# Seconds of CPU time that D2L's same sections take, all their cells, on two
# cores without a GPU, with PyTorch 2.13.
D2L_CPU_SECONDS = 415
MODELS = {"softmax": (0, 10), "MLP": (256, 5)}  # hidden units, epochs of a fit
TRAINERS = "trainer bare bare_on_bytes lightning per_sample".split()
# The ways to train that are set against each other, and the goal for each
# model. No trainer can be faster than the loop that records nothing: a goal
# that this loop misses as well is out of reach.
RATIOS = [
    ("Trainer with board against the bare loop", "trainer", "bare",
     {"softmax": "at most 1.1", "MLP": "at most 1.1"}),
    ("the same, loop on the trainer's batches", "trainer", "bare_on_bytes", {}),
    ("per-sample loader against Trainer", "per_sample", "trainer",
     {"softmax": "at least 15", "MLP": "at least 8"}),
    ("Lightning, with the same metrics, against Trainer", "lightning",
     "trainer", {"softmax": "at least 1.6", "MLP": "at least 1.4"}),
]  # fmt: skip
SIZES = [(n, 1, 256) for n in (6_000, 12_000, 30_000, 60_000)]
SIZES += [(60_000, 10, 256)]
SIZES += [(60_000, 1, width) for width in (64, 1024, 4096)]
# What a shell may wish for, and a reader's does not.
WISHES = "OMP_NUM_THREADS MKL_NUM_THREADS PYTHONDONTWRITEBYTECODE MPLBACKEND"
IMPORTS = """
import json, time
start = time.perf_counter()
import torch
middle = time.perf_counter()
import d2lmini
print(json.dumps([middle - start, time.perf_counter() - middle]))
"""


@dataclass
class Row:
    """One line of the table: what was measured, round by round, and the goal.

    `goal` is a text such as "at most 2", or "" where a number is shown without
    being judged. `limit` is what nothing can surpass on this machine, where
    that was measured.
    """

    what: str
    values: list
    goal: str = ""
    unit: str = ""
    limit: float | None = None

    @property
    def spread(self):
        """Half of the rounds lie within this distance of the median."""
        middle = median(self.values)
        return median(abs(value - middle) for value in self.values)

    @property
    def verdict(self):
        """Return what became of the goal, or "" without one."""
        if not self.goal:
            return ""
        excess = self.beyond(median(self.values))
        if excess <= 0:
            return "met"
        if self.limit is not None and self.beyond(self.limit) > 0:
            return "out of reach"
        return "within the spread" if excess <= self.spread else "missed"

    def beyond(self, value):
        """Return by how much a value misses the goal; else nothing or less."""
        _, bound, goal = self.goal.split()
        return (value - float(goal)) * (1 if bound == "most" else -1)

    def cells(self):
        """Return the row as texts; what is short does not break."""
        goal = self.goal and self.goal + self.unit
        value = f"{digits(median(self.values))}{self.unit}"
        count = str(len(self.values))
        spread = f"± {self.spread:.2g}" if len(self.values) > 1 else ""
        short = goal, value, spread, count, self.verdict
        return [self.what, *(text.replace(" ", "\xa0") for text in short)]


def digits(value):
    """Return a number with three significant digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def table(rows):
    """Return the table of rows as Markdown."""
    head = ["what", "goal", "median", "spread", "rounds", "verdict"]
    lines = [head, ["---", "---", "--:", "--:", "--:", "---"]]
    lines += [row.cells() for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def environment(**settings):
    """Return this process's environment, without wishes."""
    kept = {k: v for k, v in os.environ.items() if k not in WISHES.split()}
    path = os.pathsep.join([str(ROOT), str(ROOT / "lab")])
    return kept | {"PYTHONPATH": path} | settings


def call(measure, *args, **options):
    """Return a program that prints what a function of measures.py returns."""
    return (
        "import json, measures\n"
        f"print(json.dumps(measures.{measure}(*{args!r}, **{options!r})))"
    )


def in_process(code, **settings):
    """Run code in a fresh process; return the JSON that it prints last."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**settings),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def in_kernel(code, **settings):
    """Run code in a fresh IPython kernel, where boards draw.

    Return the JSON that it prints last, and the number of pictures sent.
    """
    manager, client = start_new_kernel(
        kernel_name="python3", env=environment(**settings)
    )
    texts, pictures = [], []

    def listen(message):
        content = message["content"]
        if content.get("name") == "stdout":
            texts.append(content["text"])
        elif "image/png" in content.get("data", {}):
            pictures.append(message["msg_type"])

    try:
        reply = client.execute_interactive(
            code, output_hook=listen, timeout=600
        )["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if reply["status"] != "ok":
        raise RuntimeError(f"{reply['ename']}: {reply['evalue']}")
    return json.loads("".join(texts).splitlines()[-1]), len(pictures)


def turned(items, i):
    """Return the items in another order in each round."""
    k = i % len(items)
    return [*items[k:], *items[:k]]


def notebooks(rounds):
    """Run all notebooks under strict nbval, two at a time."""
    command = [sys.executable, "-m", "pytest", "-q", "chapters"]
    start, cpu = time.perf_counter(), cpu_seconds()
    subprocess.run(
        command, cwd=ROOT, check=True, stdout=sys.stderr, env=environment()
    )
    wall, cpu = time.perf_counter() - start, cpu_seconds() - cpu
    return [
        Row("all notebooks under strict nbval", [wall], "at most 90", " s"),
        Row(
            "CPU time, D2L's sections against ours",
            [D2L_CPU_SECONDS / cpu],
            "at least 4",
            " x",
        ),
    ], []


def cpu_seconds():
    """Return the CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def book(rounds):
    """Build the site from nothing, then after an edit of one page."""
    wall = []
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(folder)
        command = ["make", "--silent", "book"]
        for _ in ("from nothing", "after an edit"):
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)
            wall.append(time.perf_counter() - start)
            path = sorted(Path(folder, "chapters").rglob("*.ipynb"))[0]
            notebook = nbformat.read(path, as_version=4)
            notebook.cells[1].source += "\n\nOne sentence more."
            nbformat.write(notebook, path)
    edit = "`make book` after an edit of one page"
    return [
        Row("`make book` from nothing", wall[:1], "at most 40", " s"),
        Row(edit, wall[1:], "at most 12", " s"),
    ], []


def copy_tree(folder):
    """Copy what git knows, or would know, and link the environment."""
    listed = ["git", "ls-files", "-co", "--exclude-standard"]
    names = subprocess.check_output(listed, cwd=ROOT, text=True).splitlines()
    for name in names:
        if (ROOT / name).is_file():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    Path(folder, ".venv").symlink_to(ROOT / ".venv")


def epochs(rounds):
    """Compare an epoch of the trainer with the other ways to train."""
    rows, seconds = [], []
    for model, (hidden, num_epochs) in MODELS.items():
        found = []
        for i in range(rounds):
            code = call("compare", turned(TRAINERS, i), hidden, num_epochs)
            times, pictures = in_kernel(code, OMP_NUM_THREADS="1")
            assert pictures >= 4, "the board did not draw"
            found.append(times)
        rows += judged(model, found)
        seconds += [
            Row(f"{model}: {name}", [times[name] for times in found], unit=" s")
            for name in TRAINERS
        ]
    return rows, seconds


def judged(model, found):
    """Return the ratios of one model, from the seconds of each round."""

    def ratios(one, other):
        return [times[one] / times[other] for times in found]

    limit = median(ratios("per_sample", "bare_on_bytes"))
    return [
        Row(
            f"{model}: {what}",
            ratios(one, other),
            goals.get(model, ""),
            " x",
            limit if one == "per_sample" else None,
        )
        for what, one, other, goals in RATIOS
    ]


def gpu(rounds):
    """Compare an epoch of the trainer with the bare loop on a GPU, if any.

    Both wait for the GPU: once an epoch they read what it computed.
    """
    if in_process("import d2lmini; print(d2lmini.num_gpus())") == 0:
        return [], []
    names = ["trainer", "bare"]
    found = [
        in_process(call("compare", turned(names, i), 256, 10, num_gpus=1))
        for i in range(rounds)
    ]
    ratios = [times["trainer"] / times["bare"] for times in found]
    what = "MLP: Trainer against the bare loop, both on a GPU"
    return [Row(what, ratios, "at most 1.15", " x")], [
        Row(f"MLP: {n}, on a GPU", [times[n] for times in found], unit=" s")
        for n in names
    ]


def board(rounds):
    """Measure what board and history take of a fit of 20 epochs."""
    code = call("compare", ["board_share"], MODELS["MLP"][0], 20)
    shares = [
        100 * in_kernel(code, OMP_NUM_THREADS="1")[0]["board_share"]
        for _ in range(min(rounds, 3))
    ]
    what = "MLP: board and history, of 20 epochs of training"
    return [Row(what, shares, "at most 2", " %")], []


def imports(rounds):
    """Measure `import d2lmini` beyond `import torch`, in fresh processes."""
    in_process(IMPORTS)  # the files are then in the system's cache
    found = [in_process(IMPORTS) for _ in range(rounds)]
    shares = [100 * ours / torchs for torchs, ours in found]
    seconds = Row("import torch", [torchs for torchs, _ in found], unit=" s")
    what = "`import d2lmini` beyond `import torch`"
    return [Row(what, shares, "at most 10", " %")], [seconds]


def memory(rounds):
    """Measure the resident set while the data are loaded and passed over."""
    found = [in_process(call("memory")) for _ in range(min(rounds, 3))]
    peaks, copies = zip(*found, strict=True)
    peak = "memory for the dataset, at its peak"
    excess = "the same beyond what stays, in sizes of the dataset (1: a copy)"
    return [
        Row(peak, peaks, "at most 260", " MB"),
        Row(excess, copies, "at most 1"),
    ], []


def growth(rounds):
    """Return [(images, hidden units, seconds an epoch)]; first the rate."""
    seconds = {}
    for i in range(min(rounds, 2)):
        code = call("growth", turned(SIZES, i))
        for images, width, value in in_process(code, OMP_NUM_THREADS="1"):
            seconds.setdefault((images, width), []).append(value)
    rate = max(seconds.pop(("rate", 0)))
    lines = [(n, w, median(times)) for (n, w), times in sorted(seconds.items())]
    return [("rate", "", rate), *lines]


# First what fails if something is broken.
PARTS = [notebooks, book, epochs, gpu, board, imports, memory, growth]
REPORT = """\
# Results

Written by `make bench`; do not edit. {machine}

*Median* is over the rounds, each of which measured both sides of a ratio;
half of the rounds lie within *spread* of it. The goals are for two cores. One
is *out of reach* where a loop without any trainer misses it as well.

{judged}

Seconds behind the ratios, for one epoch on one thread:

{seconds}
"""


def machine():
    """Return a sentence on what ran here; it names no host."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [x.split(":")[1].strip() for x in lines if "model name" in x]
    packages = ", ".join(
        f"{name} {version(name).split('+')[0]}"
        for name in ("torch", "lightning", "numpy", "matplotlib")
    )
    return (
        f"{time.strftime('%Y-%m-%d')}, {platform.system()}, "
        f"{names[0] if names else platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{packages}."
    )


def measure(parts, rounds):
    """Return the judged rows, the seconds behind them, and the growth."""
    rows, seconds, grown = [], [], []
    for part in parts:
        start = time.perf_counter()
        found = part(rounds)
        if part is growth:
            grown = found
        else:
            rows += found[0]
            seconds += found[1]
        took = time.perf_counter() - start
        print(f"{part.__name__}: {took:.0f} s", file=sys.stderr, flush=True)
    return rows, seconds, grown


def readers():
    """Return the pages whose cells read the results."""
    paths = sorted(ROOT.glob("chapters/*/*.ipynb"))
    paths += sorted(ROOT.glob("extras/*.ipynb"))
    named = (RESULTS.name, GROWTH.name)
    texts = ((path, path.read_text("utf-8")) for path in paths)
    return [path for path, text in texts if any(n in text for n in named)]


def write(text, grown):
    """Store the results, and execute the pages that read them."""
    RESULTS.write_text(text, "utf-8")
    with open(GROWTH, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["images", "hidden", "seconds"])
        writer.writerows([n, w, f"{value:.4g}"] for n, w, value in grown)
    tool = [sys.executable, "tools/notebooks.py", "run", *readers()]
    subprocess.run(tool, cwd=ROOT, check=True, stdout=sys.stderr)


def lacking():
    """Return the sentence about published images that are not there, or ""."""
    files = runpy.run_path(
        str(ROOT / "d2lmini" / "support" / "files.py")
    )  # not PyTorch
    folder = files["cache_folder"]() / "FashionMNIST" / "raw"
    for name, (length, _) in files["FILES"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != length:
            return (
                f"{path} is not there, or not whole: `make images` fetches it."
            )
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    names = {part.__name__: part for part in PARTS}
    parser.add_argument("--without", nargs="*", choices=names, default=[])
    wish = parser.parse_args()
    parts = [part for name, part in names.items() if name not in wish.without]
    if why := lacking():
        sys.exit(f"The published images are measured on. {why}")
    os.environ["D2LMINI_STANDIN"] = "never"  # whatever the shell says
    rows, seconds, grown = measure(parts, wish.rounds)
    text = REPORT.format(
        machine=machine(), judged=table(rows), seconds=table(seconds)
    )
    print(text)
    if wish.rounds >= ROUNDS and not wish.without:
        write(text, grown)
    else:
        print("Not a full run: nothing was written.")
    return any(row.verdict == "missed" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
