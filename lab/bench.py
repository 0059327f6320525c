"""Measures what the book promises about speed, and judges it.

    python lab/bench.py [PART ...]

A full run writes RESULTS.md and growth.csv beside this file, and exits with 1
when a goal is missed. The parts that are named run once, and nothing is
written: memory, notebooks, book, epochs, board, imports.
"""

import csv
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
RESULTS, GROWTH = (ROOT / "lab" / n for n in ("RESULTS.md", "growth.csv"))
# Seconds of CPU time that D2L's same sections take, all their cells, on two
# cores without a GPU, with PyTorch 2.13.
D2L_CPU_SECONDS = 415
# The goals, or the unit where there is none, in the order of the report. What
# else is measured are the seconds behind them.
GOALS = {
    "all notebooks under strict nbval": "at most 90 s",
    "CPU time, D2L's sections against ours": "at least 4 x",
    "`make book` from nothing": "at most 40 s",
    "`make book` after an edit of one page": "at most 12 s",
    "softmax: Trainer with board against the bare loop": "at most 1.1 x",
    "softmax: the same, loop on the trainer's batches": "x",
    "softmax: per-sample loader against Trainer": "at least 15 x",
    "softmax: the same, that loop instead of Trainer": "x",
    "softmax: Lightning with the same metrics against Trainer": (
        "at least 1.6 x"
    ),
    "MLP: Trainer with board against the bare loop": "at most 1.1 x",
    "MLP: the same, loop on the trainer's batches": "x",
    "MLP: per-sample loader against Trainer": "at least 8 x",
    "MLP: the same, that loop instead of Trainer": "x",
    "MLP: Lightning with the same metrics against Trainer": "at least 1.4 x",
    "MLP: board and history, of 20 epochs of training": "at most 2 %",
    "`import d2lmini` beyond `import torch`": "at most 10 %",
    "memory for the dataset, at its peak": "at most 260 MB",
    "its excess over what stays, in sizes of the dataset": ("at most 1"),
}
MODELS = {"softmax": (0, 10), "MLP": (256, 5)}  # hidden units, epochs of a fit
TRAINERS = "trainer bare bare_on_bytes lightning per_sample".split()
RATIOS = {
    "Trainer with board against the bare loop": ("trainer", "bare"),
    "the same, loop on the trainer's batches": ("trainer", "bare_on_bytes"),
    "per-sample loader against Trainer": ("per_sample", "trainer"),
    "the same, that loop instead of Trainer": ("per_sample", "bare_on_bytes"),
    "Lightning with the same metrics against Trainer": (
        "lightning",
        "trainer",
    ),
}
# What a shell may wish for, and a reader's does not.
WISHES = "OMP_NUM_THREADS MKL_NUM_THREADS PYTHONDONTWRITEBYTECODE".split()


@dataclass
class Row:
    """One line of the table: what was measured, round by round, and the goal.

    `goal` is a text such as "at most 2 x", or a unit where a number is shown
    without being judged. `limit` is what nothing can surpass on this machine,
    where that was measured.
    """

    what: str
    values: list
    goal: str = "s"
    limit: float | None = None

    @property
    def spread(self):
        """Half of the rounds lie within this distance of the median."""
        middle = median(self.values)
        return median(abs(value - middle) for value in self.values)

    @property
    def verdict(self):
        """Return what became of the goal, or "" without one."""
        if not self.goal.startswith("at "):
            return ""
        excess = self.beyond(median(self.values))
        if excess <= 0:
            return "met"
        if self.limit is not None and self.beyond(self.limit) > 0:
            return "out of reach"
        return "within the spread" if excess <= self.spread else "missed"

    def beyond(self, value):
        """Return by how much a value misses the goal; else nothing or less."""
        _, bound, goal, *_ = self.goal.split()
        return (value - float(goal)) * (1 if bound == "most" else -1)

    def cells(self):
        """Return the row as texts; what is short does not break."""
        unit = " ".join(self.goal.split()[3:]) if self.verdict else self.goal
        value = f"{digits(median(self.values))} {unit}".strip()
        goal = self.goal if self.verdict else ""
        spread = f"± {self.spread:.2g}" if len(self.values) > 1 else ""
        short = goal, value, spread, str(len(self.values)), self.verdict
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


def rows(found):
    """Return the judged rows, and those with the seconds behind them."""
    judged = [
        Row(what, found[what], GOALS[what]) for what in GOALS if found[what]
    ]
    for row, following in pairwise(judged):
        # No trainer is faster than the loop that records nothing.
        if "that loop instead of Trainer" in following.what:
            row.limit = median(following.values)
    behind = [Row(what, found[what]) for what in found if what not in GOALS]
    return judged, behind


def environment(**settings):
    """Return this process's environment, without wishes."""
    kept = {k: v for k, v in os.environ.items() if k not in WISHES}
    backend = "module://matplotlib_inline.backend_inline"  # a notebook's
    return kept | {"PYTHONPATH": str(ROOT), "MPLBACKEND": backend} | settings


def measured(name, *arguments, **settings):
    """Return what a function of measures.py returns in a fresh process."""
    texts = [json.dumps(argument) for argument in arguments]
    program = [sys.executable, str(ROOT / "lab" / "measures.py"), name, *texts]
    env = environment(D2LMINI_STANDIN="never", **settings)
    return json.loads(subprocess.check_output(program, env=env))


def run(command):
    """Run a command; return the seconds that pass, and those of the CPU."""
    start, before = time.perf_counter(), cpu_seconds()
    subprocess.run(
        command, cwd=ROOT, check=True, stdout=sys.stderr, env=environment()
    )
    return time.perf_counter() - start, cpu_seconds() - before


def cpu_seconds():
    """Return the CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def turned(items, i):
    """Return the items in another order in each round."""
    k = i % len(items)
    return [*items[k:], *items[:k]]


def memory(i):
    """Measure the resident set while the data are loaded and passed over."""
    peak, copies = measured("memory")
    excess = "its excess over what stays, in sizes of the dataset"
    return {"memory for the dataset, at its peak": peak, excess: copies}


def notebooks(i):
    """Run all notebooks under strict nbval, two at a time."""
    wall, cpu = run([sys.executable, "-m", "pytest", "-q", "chapters"])
    return {
        "all notebooks under strict nbval": wall,
        "CPU time, D2L's sections against ours": D2L_CPU_SECONDS / cpu,
    }


def book(i):
    """Build the site from nothing, then after a change of one page."""
    shutil.rmtree(ROOT / "_build", ignore_errors=True)
    first, _ = run(["make", "--silent", "book"])
    min(ROOT.glob("chapters/*/*.ipynb")).touch()
    second, _ = run(["make", "--silent", "book"])
    return {
        "`make book` from nothing": first,
        "`make book` after an edit of one page": second,
    }


def epochs(i):
    """Compare an epoch of the trainer with the other ways to train."""
    found = {}
    for model, sizes in MODELS.items():
        names = turned(TRAINERS, i)
        times = measured("compare", names, *sizes, OMP_NUM_THREADS="1")
        found |= {f"{model}: {name}": times[name] for name in TRAINERS}
        for what, (one, other) in RATIOS.items():
            found[f"{model}: {what}"] = times[one] / times[other]
    return found


def board(i):
    """Measure what board and history take of a fit of 20 epochs."""
    share = measured("board_share", MODELS["MLP"][0], 20, OMP_NUM_THREADS="1")
    return {"MLP: board and history, of 20 epochs of training": 100 * share}


def imports(i):
    """Measure `import d2lmini` beyond `import torch`, in a fresh process."""
    program = [sys.executable, "-X", "importtime", "-c"]
    done = subprocess.run(
        [*program, "import torch, d2lmini"],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [line.split("|") for line in done.stderr.splitlines()]
    took = {name.strip(): total for _, total, name in lines}
    ours, torchs = (int(took[name]) / 1e6 for name in ("d2lmini", "torch"))
    share = 100 * ours / torchs
    return {
        "`import d2lmini` beyond `import torch`": share,
        "import torch": torchs,
    }


# How often each is done; first what fails if something is broken.
PARTS = {
    memory: 3,
    notebooks: 1,
    book: 1,
    epochs: 4,
    board: 3,
    imports: 4,
}
REPORT = """\
# Results

Written by `make bench`; do not edit. {machine}.

*Median* is over the rounds, each of which measured both sides of a ratio;
half of the rounds lie within *spread* of it. The goals are for two cores. One
is *out of reach* where a loop without any trainer misses it as well.

{judged}

Seconds behind the ratios, for one epoch on one thread:

{behind}
"""


def machine():
    """Return a sentence on what ran here; it names no host."""
    facts = Path("/proc/cpuinfo").read_text()
    processor = re.search(r"model name\s*: (.*)", facts)
    names = "torch", "lightning", "numpy", "matplotlib"
    packages = [f"{name} {version(name).split('+')[0]}" for name in names]
    return ", ".join(
        [
            time.strftime("%Y-%m-%d"),
            platform.system(),
            processor[1] if processor else platform.machine(),
            f"{os.cpu_count()} cores",
            f"Python {platform.python_version()}",
            *packages,
        ]
    )


def measure(parts):
    """Return {what: its values, round by round}."""
    found = defaultdict(list)
    for part, rounds in parts.items():
        start = time.perf_counter()
        for i in range(rounds):
            for what, value in part(i).items():
                found[what].append(value)
        took = time.perf_counter() - start
        print(f"{part.__name__}: {took:.0f} s", file=sys.stderr, flush=True)
    return found


def write(text):
    """Store the results, and execute the pages that read them."""
    RESULTS.write_text(text, "utf-8")
    with open(GROWTH, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["images", "hidden", "seconds"])
        for number, width, value in measured("growth", OMP_NUM_THREADS="1"):
            writer.writerow([number, width, f"{value:.4g}"])
    readers = [
        path
        for path in sorted(ROOT.glob("*/**/*.ipynb"))
        if any(n.name in path.read_text("utf-8") for n in (RESULTS, GROWTH))
    ]
    run([sys.executable, "tools/notebooks.py", "run", *readers])


def main(*names):
    """Measure all or some parts; tell whether a goal was missed."""
    parts = {globals()[name]: 1 for name in names} or PARTS
    judged, behind = rows(measure(parts))
    text = REPORT.format(
        machine=machine(), judged=table(judged), behind=table(behind)
    )
    print(text)
    if parts is PARTS:
        write(text)
    return any(row.verdict == "missed" for row in judged)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
