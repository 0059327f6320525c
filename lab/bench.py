"""Measures what the book promises about speed, and judges it.

    python lab/bench.py [PART ...]

A full run writes RESULTS.md and growth.csv beside this file, and exits with 1
when a goal is missed. The parts that are named run once, and nothing is
written: memory, epochs, board.
"""

import csv
import os
import platform
import re
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

import measures  # noqa: E402

# In the order of the report; some ratios are shown without being judged.
GOALS = {
    "softmax: Trainer with board against the bare loop": "at most 1.1 x",
    "softmax: the same, loop on the trainer's batches": "",
    "softmax: per-sample loader against Trainer": "at least 15 x",
    "softmax: per-sample loader against that loop": "",
    "softmax: Lightning, same metrics, against Trainer": "at least 1.6 x",
    "MLP: Trainer with board against the bare loop": "at most 1.1 x",
    "MLP: the same, loop on the trainer's batches": "",
    "MLP: per-sample loader against Trainer": "at least 8 x",
    "MLP: per-sample loader against that loop": "",
    "MLP: Lightning, same metrics, against Trainer": "at least 1.4 x",
    "MLP: board and history, of 20 epochs of training": "at most 2 %",
    "memory for the dataset, at its peak": "at most 260 MB",
    "its excess over what stays, in sizes of the dataset": "at most 1",
}
MODELS = {"softmax": (0, 10), "MLP": (256, 5)}  # hidden units, epochs of a fit
RATIOS = {
    "Trainer with board against the bare loop": ("trainer", "bare"),
    "the same, loop on the trainer's batches": ("trainer", "bare_on_bytes"),
    "per-sample loader against Trainer": ("per_sample", "trainer"),
    "per-sample loader against that loop": ("per_sample", "bare_on_bytes"),
    "Lightning, same metrics, against Trainer": ("lightning", "trainer"),
}


def is_met(goal, value):
    """Tell whether a value meets a goal such as "at most 2 x"."""
    _, bound, number, *_ = goal.split()
    sign = 1 if bound == "most" else -1
    return sign * value <= sign * float(number)


def verdict(goal, value, limit):
    """Return what became of a goal; `limit` is what no trainer surpasses."""
    if not goal or is_met(goal, value):
        return goal and "met"
    is_reachable = limit is None or is_met(goal, limit)
    return "missed" if is_reachable else "out of reach"


def table(found):
    """Return the judged medians of {what: values of all rounds} as Markdown."""
    lines = ["| what | goal | median | verdict |", "| --- | --- | --: | --- |"]
    medians = {what: median(values) for what, values in found.items()}
    for what in filter(medians.get, GOALS):
        goal, value = GOALS[what], medians[what]
        # No trainer is faster than the loop that records nothing.
        limit = None
        if "per-sample loader against Trainer" in what:
            limit = medians.get(what.replace("Trainer", "that loop"))
        result = verdict(goal, value, limit)
        goal = goal.replace(" ", "\xa0")
        lines.append(f"| {what} | {goal} | {value:.3g} | {result} |")
    return "\n".join(lines)


def alone(function, *arguments):
    """Return what a function returns in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def memory(i):
    """Measure the resident set while the data are loaded and passed over."""
    peak, copies = alone(measures.memory)
    excess = "its excess over what stays, in sizes of the dataset"
    return {"memory for the dataset, at its peak": peak, excess: copies}


def epochs(i):
    """Compare the ways to train, in another order in each round."""
    found, ways = {}, [*measures.WAYS]
    for model, sizes in MODELS.items():
        times = alone(measures.compare, ways[i:] + ways[:i], *sizes)
        for what, (one, other) in RATIOS.items():
            found[f"{model}: {what}"] = times[one] / times[other]
    return found


def board(i):
    """Measure what board and history take of a fit of 20 epochs."""
    share = alone(measures.board_share, MODELS["MLP"][0], 20)
    return {"MLP: board and history, of 20 epochs of training": 100 * share}


# How often each is done; first what fails if something is broken.
PARTS = {memory: 3, epochs: 4, board: 3}
REPORT = """\
# Results

Written by `make bench`; do not edit. {machine}.

*Median* is over the rounds, each of which measured both sides of a ratio. The
goals are for two cores. One is *out of reach* where a loop without any trainer
misses it as well.

{table}
"""


def machine():
    """Return a sentence on what ran here; it names no host."""
    facts = Path("/proc/cpuinfo").read_text()
    processor = re.search(r"model name\s*: (.*)", facts)
    names = "torch", "lightning", "numpy", "matplotlib"
    packages = [f"{name} {version(name).split('+')[0]}" for name in names]
    where = processor[1] if processor else platform.machine()
    cores, python = os.cpu_count(), platform.python_version()
    facts = [where, f"{cores} cores", f"Python {python}", *packages]
    return ", ".join([time.strftime("%Y-%m-%d"), platform.system(), *facts])


def measure(parts):
    """Return {what: its values, round by round}."""
    found = defaultdict(list)
    for part, rounds in parts.items():
        for i in range(rounds):
            for what, value in part(i).items():
                found[what].append(value)
    return found


def write(text):
    """Store the results, and execute the pages, some of which read them."""
    (ROOT / "lab" / "RESULTS.md").write_text(text, "utf-8")
    with open(ROOT / "lab" / "growth.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["images", "hidden", "seconds"])
        for number, width, value in alone(measures.growth):
            writer.writerow([number, width, f"{value:.4g}"])
    command = [sys.executable, "tools/notebooks.py", "run"]
    subprocess.run(command, cwd=ROOT, check=True)


def main(*names):
    """Measure all or some parts; tell whether a goal was missed."""
    # As a reader has it: drawing in a notebook, on the published images.
    backend = "module://matplotlib_inline.backend_inline"
    os.environ |= {"D2LMINI_STANDIN": "never", "MPLBACKEND": backend}
    parts = {globals()[name]: 1 for name in names} or PARTS
    text = REPORT.format(machine=machine(), table=table(measure(parts)))
    print(text)
    if parts is PARTS:
        write(text)
    return "| missed |" in text


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
