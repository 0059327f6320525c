"""Measures what the book promises about speed, and judges it.

    python benchmarks/bench.py [--rounds N] [--without notebooks book ...]

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
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import nbformat
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).resolve().parent.parent
RESULTS, GROWTH = (
    ROOT / "benchmarks" / n for n in ("RESULTS.md", "growth.csv")
)
READERS = (
    "chapters/04-linear-classification/02-image-classification-dataset.ipynb",
    "extras/beyond-one-machine.ipynb",
)
ROUNDS = 4  # so that all takes less than ten minutes
# Seconds of CPU time that D2L's same sections take, all their cells, on two
# cores without a GPU, with PyTorch 2.13.
D2L_CPU_SECONDS = 415
MODELS = {"softmax": (0, 10), "MLP": (256, 5)}  # hidden units, epochs of a fit
# What a shell may wish for, and a reader's does not.
WISHES = "OMP_NUM_THREADS MKL_NUM_THREADS PYTHONDONTWRITEBYTECODE MPLBACKEND"


@dataclass
class Row:
    """One line of the table: what was measured, round by round, and the goal.

    `goal` is None where a number is shown without being judged. `limit` is
    what nothing can surpass on this machine, where that was measured.
    """

    what: str
    values: list
    goal: float | None = None
    at_least: bool = False
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
        if self.goal is None:
            return ""
        excess = self.beyond(median(self.values))
        if excess <= 0:
            return "met"
        if self.limit is not None and self.beyond(self.limit) > 0:
            return "out of reach"
        return "within the spread" if excess <= self.spread else "missed"

    def beyond(self, value):
        """Return by how much a value misses the goal; else nothing or less."""
        return self.goal - value if self.at_least else value - self.goal

    def cells(self):
        """Return the row as texts, in the order of the columns.

        What is short does not break.
        """
        bound = "at least" if self.at_least else "at most"
        goal = "" if self.goal is None else f"{bound} {self.goal:g}{self.unit}"
        spread = f"± {self.spread:.2g}" if len(self.values) > 1 else ""
        value = f"{digits(median(self.values))}{self.unit}"
        count = str(len(self.values))
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
    path = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
    fixed = {"PYTHONPATH": path, "D2LMINI_STANDIN": "never"}
    return kept | fixed | settings


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


LOOPS = """
import json, torch, loops, d2lmini as d2l
d2l.set_style()
data = loops.Images()
found = {}
for name, hidden, epochs in %s:
    loop = getattr(loops, name)
    loop(loops.Images(512, 256), hidden, 1)  # what is done once only
    torch.manual_seed(0)
    found[name] = loop(data, hidden, epochs)
print(json.dumps(found))
"""


def turned(items, i):
    """Return the items in another order in each round."""
    items = list(items)
    k = i % len(items)
    return items[k:] + items[:k]


def epochs(rounds):
    """Compare an epoch of the trainer with the other ways to train."""
    names = [
        "trainer", "bare", "bare_on_bytes", "lightning", "lightning_silent",
        "per_sample",
    ]  # fmt: skip
    rows, seconds = [], []
    for model, (hidden, num_epochs) in MODELS.items():
        found = []
        for i in range(rounds):
            plan = [
                (name, hidden, 1 if name == "per_sample" else num_epochs)
                for name in turned(names, i)
            ]
            times, pictures = in_kernel(LOOPS % plan, OMP_NUM_THREADS="1")
            assert pictures >= 4, "the board did not draw"
            found.append(times)
        rows += judged(model, found)
        seconds += [
            Row(f"{model}: {name}", [times[name] for times in found], unit=" s")
            for name in names
        ]
    return rows, seconds


ON_GPU = """
import json, loops
data = loops.Images()
for epochs in (1, 10):  # at first, what is done once only
    found = {
        name: getattr(loops, name)(data, 256, epochs, num_gpus=1)
        for name in %s
    }
print(json.dumps(found))
"""


def gpu(rounds):
    """Compare an epoch of the trainer with the bare loop on a GPU, if any.

    Both wait for the GPU: once an epoch they read what it computed.
    """
    if in_process("import d2lmini; print(d2lmini.num_gpus())") == 0:
        return [], []
    found = [
        in_process(ON_GPU % turned(["trainer", "bare"], i))
        for i in range(rounds)
    ]
    ratios = [times["trainer"] / times["bare"] for times in found]
    what = "MLP: Trainer against the bare loop, both on a GPU"
    seconds = [
        Row(
            f"MLP: {name}, on a GPU",
            [times[name] for times in found],
            unit=" s",
        )
        for name in ("trainer", "bare")
    ]
    return [Row(what, ratios, 1.15, unit=" x")], seconds


def judged(model, found):
    """Return the ratios of one model, from the seconds of each round."""
    per_sample, lightning = {"softmax": (15, 1.6), "MLP": (8, 1.4)}[model]
    plan = [
        ("Trainer with board against the bare loop", 1.1, "trainer", "bare"),
        ("the same, loop on the trainer's batches", None,
         "trainer", "bare_on_bytes"),
        ("per-sample loader against Trainer", per_sample,
         "per_sample", "trainer"),
        ("the same, that loop instead of Trainer", None,
         "per_sample", "bare_on_bytes"),
        ("Lightning, with the same metrics, against Trainer", lightning,
         "lightning", "trainer"),
        ("Lightning, recording nothing, against Trainer", None,
         "lightning_silent", "trainer"),
    ]  # fmt: skip
    rows = [
        Row(
            f"{model}: {what}",
            [times[one] / times[other] for times in found],
            goal,
            at_least=one != "trainer",
            unit=" x",
        )
        for what, goal, one, other in plan
    ]
    # No trainer can be faster than the loop that records nothing.
    rows[2].limit = median(rows[3].values)
    return rows


def board(rounds):
    """Measure what board and history take of a fit of 20 epochs."""
    rows = []
    for model, num_epochs, goal in (("MLP", 20, 2), ("softmax", 10, None)):
        plan = [("board_share", MODELS[model][0], num_epochs)]
        shares = [
            100 * in_kernel(LOOPS % plan, OMP_NUM_THREADS="1")[0]["board_share"]
            for _ in range(min(rounds, 3))
        ]
        what = f"{model}: board and history, of {num_epochs} epochs of training"
        rows.append(Row(what, shares, goal, unit=" %"))
    return rows, []


@contextmanager
def neighbour(busy=True):
    """Keep all cores but one busy."""
    count = (os.cpu_count() - 1) * busy
    burning = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(burning) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def neighbours(rounds):
    """Compare training alone and beside a busy program, settings untouched."""
    rows = []
    for model, (hidden, num_epochs) in MODELS.items():
        plan, ratios = [("trainer", hidden, max(2, num_epochs // 2))], []
        for i in range(min(rounds, 3)):
            seconds = {}
            for busy in turned([False, True], i):
                with neighbour(busy):
                    times, _ = in_kernel(LOOPS % plan)
                seconds[busy] = times["trainer"]
            ratios.append(seconds[True] / seconds[False])
        what = f"{model}: Trainer beside a busy neighbour against alone"
        rows.append(Row(what, ratios, 2.5, unit=" x"))
    return rows, []


IMPORTS = """
import json, time
start = time.perf_counter()
import torch
middle = time.perf_counter()
import d2lmini
print(json.dumps([middle - start, time.perf_counter() - middle]))
"""


def imports(rounds):
    """Measure `import d2lmini` beyond `import torch`, in fresh processes."""
    in_process(IMPORTS)  # the files are then in the system's cache
    found = [in_process(IMPORTS) for _ in range(rounds)]
    shares = [100 * ours / torchs for torchs, ours in found]
    seconds = Row("import torch", [torchs for torchs, _ in found], unit=" s")
    what = "`import d2lmini` beyond `import torch`"
    return [Row(what, shares, 10, unit=" %")], [seconds]


MEMORY = """
import json, threading, time, psutil, d2lmini as d2l
resident, peaks, done = psutil.Process().memory_info, [0], threading.Event()
def watch():
    while not done.wait(0.001):
        peaks[0] = max(peaks[0], resident().rss)
before = resident().rss
threading.Thread(target=watch).start()
data = d2l.FashionMNIST(256)
held = resident().rss
for loader in (data.train_dataloader(), data.val_dataloader()):
    for batch in loader: pass
done.set()
size = sum(t.nbytes for part in (data.train, data.val)
           for t in (part.data, part.targets))
print(json.dumps([(peaks[0] - before) / 1e6, (peaks[0] - held) / size]))
"""


def memory(rounds):
    """Measure the resident set while the data are loaded and passed over."""
    found = [in_process(MEMORY) for _ in range(min(rounds, 3))]
    peaks, copies = zip(*found, strict=True)
    return [
        Row("memory for the dataset, at its peak", peaks, 260, unit=" MB"),
        Row(
            "the same beyond what stays, in sizes of the dataset (1: a copy)",
            copies,
            1,
        ),
    ], []


def cpu_seconds():
    """Return the CPU time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def notebooks(rounds):
    """Run all notebooks under strict nbval, two at a time."""
    command = [sys.executable, "-m", "pytest", "-q", "chapters"]
    wall, ratio = [], []
    for _ in range(min(rounds, 1)):
        start, cpu = time.perf_counter(), cpu_seconds()
        subprocess.run(
            command, cwd=ROOT, check=True, stdout=sys.stderr, env=environment()
        )
        wall.append(time.perf_counter() - start)
        ratio.append(D2L_CPU_SECONDS / (cpu_seconds() - cpu))
    return [
        Row("all notebooks under strict nbval", wall, 90, unit=" s"),
        Row("CPU time, D2L's sections against ours", ratio, 4, True, " x"),
    ], []


def book(rounds):
    """Build the site from nothing, then after an edit of one page."""
    wall = {True: [], False: []}
    for _ in range(min(rounds, 1)):
        with tempfile.TemporaryDirectory() as folder:
            copy_tree(folder)
            for fresh in (True, False):
                start = time.perf_counter()
                build(folder)
                wall[fresh].append(time.perf_counter() - start)
                edit(sorted(Path(folder, "chapters").rglob("*.ipynb"))[0])
    return [
        Row("`make book` from nothing", wall[True], 40, unit=" s"),
        Row(
            "`make book` after an edit of one page", wall[False], 12, unit=" s"
        ),
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


def build(folder):
    """Run `make book`; the environment is up to date."""
    command = ["make", "--silent", "book"]
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)


def edit(path):
    """Add a sentence to a page."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source += "\n\nOne sentence more."
    nbformat.write(notebook, path)


STANDIN = """
import json, time, warnings, d2lmini as d2l
warnings.simplefilter("ignore")
start = time.perf_counter()
d2l.FashionMNIST()
print(json.dumps(time.perf_counter() - start))
"""


def standin(rounds):
    """Draw the stand-in into an empty folder."""
    seconds = []
    for _ in range(min(rounds, 1)):
        with tempfile.TemporaryDirectory() as folder:
            settings = {"D2LMINI_STANDIN": "always", "D2LMINI_DATA": folder}
            seconds.append(in_process(STANDIN, **settings))
    what = "stand-in dataset drawn the first time"
    return [Row(what, seconds, 15, unit=" s")], []


COST = """
import json, time, torch, loops
X, W = torch.rand(256, 784), torch.rand(784, 1024)
best = min(loops.clocked(lambda: [X @ W for _ in range(20)], 20)
           for _ in range(20))
found = [("rate", 0, 2 * X.numel() * W.shape[1] / best)]
loops.trainer(loops.Images(512, 256), 64, 1)  # what is done once only
for images, repeats, width in %s:
    data = loops.Images(images, 0, repeats)
    data.val_dataloader = lambda: None
    seconds = loops.trainer(data, width, max(1, 60_000 // images))
    found.append((images * repeats, width, seconds))
print(json.dumps(found))
"""
SIZES = [(n, 1, 256) for n in (6_000, 12_000, 30_000, 60_000)]
SIZES += [(60_000, 10, 256)]
SIZES += [(60_000, 1, width) for width in (64, 1024, 4096)]


def growth(rounds):
    """Return (images, hidden units, seconds an epoch); the first is the rate.

    The rate is that of one matrix product, in operations a second.
    """
    found = [
        in_process(COST % turned(SIZES, i), OMP_NUM_THREADS="1")
        for i in range(min(rounds, 2))
    ]
    seconds = {}
    for images, width, value in (line for run in found for line in run):
        seconds.setdefault((images, width), []).append(value)
    rate = max(seconds.pop(("rate", 0)))
    lines = [(n, w, median(times)) for (n, w), times in sorted(seconds.items())]
    return [("rate", "", rate), *lines]


PARTS = [  # first what fails if something is broken
    notebooks, book, epochs, gpu, board, neighbours, imports, memory, standin,
    growth,
]  # fmt: skip


def machine():
    """Return a sentence on what ran here; it names no host."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [x.split(":")[1].strip() for x in lines if "model name" in x]
    cpu = names[0] if names else platform.machine()
    packages = ", ".join(
        f"{name} {version(name).split('+')[0]}"
        for name in ("torch", "lightning", "numpy", "matplotlib")
    )
    return (
        f"{time.strftime('%Y-%m-%d')}, {platform.system()}, {cpu}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{packages}."
    )


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


def report(rows, seconds):
    """Return RESULTS.md as text."""
    return REPORT.format(
        machine=machine(), judged=table(rows), seconds=table(seconds)
    )


def measure(parts, rounds):
    """Return the judged rows, the seconds behind them, and the growth."""
    rows, seconds, grown = [], [], []
    for part in parts:
        start = time.perf_counter()
        if part is growth:
            grown = growth(rounds)
        else:
            for found, new in zip((rows, seconds), part(rounds), strict=True):
                found += new
        took = time.perf_counter() - start
        print(f"{part.__name__}: {took:.0f} s", file=sys.stderr, flush=True)
    return rows, seconds, grown


def write(text, grown):
    """Store the results, and execute the two pages that read them."""
    RESULTS.write_text(text, "utf-8")
    with open(GROWTH, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["images", "hidden", "seconds"])
        writer.writerows([n, w, f"{value:.4g}"] for n, w, value in grown)
    tool = [sys.executable, "tools/notebooks.py", "run", *READERS]
    subprocess.run(tool, cwd=ROOT, check=True, stdout=sys.stderr)


def lacking():
    """Return the sentence about published images that are not there, or ""."""
    files = runpy.run_path(str(ROOT / "d2lmini" / "files.py"))  # not PyTorch
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
    rows, seconds, grown = measure(parts, wish.rounds)
    text = report(rows, seconds)
    print(text)
    if wish.rounds >= ROUNDS and not wish.without:
        write(text, grown)
    else:
        print("Not a full run: nothing was written.")
    return any(row.verdict == "missed" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
