"""Changes the package in one place at a time and sees whether a test notices.

    python lab/mutants.py [MODULE ...]

The changes ("mutants") are mutmut's, made to the bodies of functions. They are
run here, since mutmut calls a function through another one:
`save_hyperparameters`, which reads the frame of its caller, would see the wrong
frame. Those that live are printed, for a person to judge: many are equivalent.

At first all tests run once under coverage. Each mutant then gets those that
reach its lines, in a forked process, on a copy of the tree: the file first
that looks at little else, the fastest test of a file first, and no more than
ENOUGH seconds of them. A test that fails kills it. If they take much longer
than before, that proves nothing: such a mutant does not count as killed.
"""

import gc
import importlib
import json
import math
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict, namedtuple
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import hypothesis
import pytest
from coverage import CoverageData
from libcst.metadata import (
    ByteSpanPositionProvider,
    MetadataWrapper,
    PositionProvider,
)
from mutmut.mutation.file_mutation import create_mutations

ROOT = Path(__file__).resolve().parent.parent
LEAST = 0.95
# In seconds: tests that take longer are left out; one mutant gets so many.
LONG, ENOUGH = 3, 15
WORKERS = int(os.environ.get("WORKERS") or os.cpu_count())
# One thread each, no screen, no GPU and no network: the same for all.
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "agg",
    "CUDA_VISIBLE_DEVICES": "",
    "D2LMINI_STANDIN": "always",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
PLAIN = "-x -q --noconftest -o addopts= -p no:cacheprovider"
PLAIN += " -W ignore::pytest.PytestAssertRewriteWarning"
TO_THE_END = "--maxfail=0 --continue-on-collection-errors"
COVERAGE = f"{TO_THE_END} -p pytest_cov --cov=d2lmini --cov-context=test "
COVERAGE += "--cov-report= --cov-fail-under=0 "
COVERAGE += f"-p xdist -n {WORKERS} --dist=worksteal"
# What checks lengths that are equal in any case, when a text is seen, and the
# line a warning names: a change of these changes no result.
IDLE = re.compile(rb",?\s*((strict|flush|stacklevel)=\w+,?\s*)?(?=\))|\s")
VERDICTS = {0: "survived", 1: "killed", 2: "killed"}  # 2: no import worked


Mutant = namedtuple("Mutant", "path content lines scope text")


def find(path):
    """Yield the mutants of a module."""
    content = path.read_bytes()
    module, mutations, *_ = create_mutations(str(path), content.decode())
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    spans = wrapper.resolve(ByteSpanPositionProvider)
    places = wrapper.resolve(PositionProvider)
    for mutation in mutations:
        node = mutation.original_node
        function = mutation.contained_by_top_level_function
        start = spans[node].start
        old = content[start : start + spans[node].length]
        new = module.code_for_node(mutation.mutated_node).strip().encode()
        if function is None or old.lower() == new.lower():
            continue  # a text in other letters says no more than another text
        changed = content[:start] + new + content[start + len(old) :]
        if IDLE.sub(b"", changed) == IDLE.sub(b"", content):
            continue
        first = content.rfind(b"\n", 0, start) + 1
        last = changed.find(b"\n", start + len(new))
        lines, scope = (
            range(place.start.line, place.end.line + 1)
            for place in (places[node], places[function])
        )
        name = path.relative_to(ROOT)
        shown = f"{name}:{lines[0]}:\n{changed[first:last].decode()}"
        yield Mutant(name, changed, lines, scope, shown)


class Selection:
    """A pytest plugin: some tests in some order, and how long each takes."""

    def __init__(self, chosen):
        self.chosen, self.seconds = chosen, Counter()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if self.chosen:
            rank = {name: i for i, name in enumerate(self.chosen)}
            items[:] = [item for item in items if item.nodeid in rank]
            items.sort(key=lambda item: rank[item.nodeid])

    def pytest_runtest_logreport(self, report):
        took = math.inf if report.failed else report.duration
        self.seconds[report.nodeid] += took


def start(folder, chosen=(), options="", limit=600):
    """Run tests, or all, in a fork that ends after a while; return its id.

    It leaves in the folder: log, seconds of each test, names of modules.
    """
    if child := os.fork():
        return child
    os.setsid()
    signal.alarm(int(limit))
    status = 99
    try:
        os.chdir(folder)
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1), os.dup2(log, 2)
        parts = groupby(chosen, file_of) if chosen else [("tests/package", ())]
        for path, names in parts:
            plugin = Selection(list(names))
            arguments = [*PLAIN.split(), *options.split(), path]
            status = int(pytest.main(arguments, plugins=[plugin]))
            if status:
                break
        Path("seconds").write_text(json.dumps(plugin.seconds))
        Path("modules").write_text(json.dumps([*sys.modules]))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def file_of(name):
    """Return the file of a test."""
    return name.split("::")[0]


def wait():
    """Return id and exit status of the next fork that ends, and end its own."""
    child, status = os.wait()
    with suppress(ProcessLookupError):  # nearly all leave nothing behind
        os.killpg(child, signal.SIGKILL)
    return child, os.waitstatus_to_exitcode(status)


def preload(folder):
    """Import what the tests import, once for all the forks.

    Nothing of the package: each fork has its own.
    """
    start(folder, options=TO_THE_END + " --collect-only")
    wait()
    here = {path.stem for path in folder.rglob("*.py")} | {"d2lmini"}
    for name in json.loads((folder / "modules").read_text()):
        if name.split(".")[0] not in here:
            with suppress(ImportError):  # not each of them is one
                importlib.import_module(name)
    gc.freeze()  # so that a fork copies less
    # An example that fails is enough: none is made smaller, none is kept.
    phases = hypothesis.Phase.explicit, hypothesis.Phase.generate
    hypothesis.settings.register_profile(
        "mutants", phases=phases, deadline=None, database=None
    )
    hypothesis.settings.load_profile("mutants")


class Baseline:
    """Which tests reach a line of the package, and how long they take."""

    def __init__(self, folder):
        start(folder, options=COVERAGE, limit=1800)
        wait()
        print((folder / "log").read_text().splitlines()[-1])
        self.seconds = json.loads((folder / "seconds").read_text())
        for name in [n for n in self.seconds if self.seconds[n] > LONG]:
            took = self.seconds.pop(name)
            why = "it fails" if took == math.inf else f"{took:.0f} s"
            print(f"left out, {why}: {name}")
        data = CoverageData(str(folder / ".coverage"))
        data.read()
        self.reach, self.weight = defaultdict(set), Counter()
        for file in data.measured_files():
            path = Path(file).relative_to(folder)
            for line, contexts in data.contexts_by_lineno(file).items():
                names = {context.rpartition("|")[0] for context in contexts}
                # What was set up may be shared by all tests of the file.
                shared = {file_of(c) for c in contexts if c.endswith("|setup")}
                self.reach[path, line] = names | shared
                for tests in map(file_of, names):
                    self.weight[tests, path] += 1
                    self.weight[tests] += 1

    def tests_for(self, mutant):
        """Return the tests that may notice a mutant, in a good order.

        No test reaches what runs on import, such as the default of an
        argument: then those of the whole function are taken, or all.
        """
        for lines in (mutant.lines, mutant.scope):
            names = set().union(*(self.reach[mutant.path, n] for n in lines))
            chosen = [n for n in self.seconds if {n, file_of(n)} & names]
            if chosen:
                break

        def rank(name):
            file = file_of(name)
            share = self.weight[file, mutant.path] / (self.weight[file] or 1)
            return -share, file, self.seconds[name], name

        return sorted(chosen or self.seconds, key=rank)


def acquit(baseline, folder):
    """Leave out what fails on unchanged code, in a fork and in this order.

    Such a test would kill everything.
    """
    same = Mutant(Path(), b"", (), (), "")
    while True:
        start(folder, baseline.tests_for(same))
        if VERDICTS.get(wait()[1]) == "survived":
            return
        seconds = json.loads((folder / "seconds").read_text())
        failed = [name for name in seconds if seconds[name] == math.inf]
        if not failed:
            sys.exit((folder / "log").read_text())
        for name in failed:
            print(f"left out, it fails in a fork: {name}", flush=True)
            del baseline.seconds[name]


def judge(mutants, baseline, folder):
    """Yield (mutant, what became of it)."""
    copies = [folder.with_name(f"copy{i}") for i in range(WORKERS)]
    for copy in copies:
        shutil.copytree(folder, copy)
    waiting, running = mutants[::-1], {}
    while waiting or running:
        if waiting and copies:
            mutant, copy = waiting.pop(), copies.pop()
            (copy / mutant.path).write_bytes(mutant.content)
            chosen, took = [], 0
            for name in baseline.tests_for(mutant):
                if took <= ENOUGH:
                    chosen.append(name)
                    took += baseline.seconds[name]
            running[start(copy, chosen, limit=20 + 5 * took)] = mutant, copy
        else:
            child, status = wait()
            mutant, copy = running.pop(child)
            yield mutant, VERDICTS.get(status, f"unknown ({status})")
            # With its date, so that its byte code counts again.
            shutil.copy2(folder / mutant.path, copy / mutant.path)
            copies.append(copy)


def judge_all(mutants):
    """Print what lives; return {module: how often each verdict was given}."""
    counts, began = defaultdict(Counter), time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home).resolve() / "baseline"
        skip = shutil.ignore_patterns(".*", "_build", "__pycache__", "chapters")
        shutil.copytree(ROOT, folder, ignore=skip)
        preload(folder)
        baseline = Baseline(folder)
        acquit(baseline, folder)
        took = time.monotonic() - began
        print(f"{len(baseline.seconds)} tests; before the first {took:.0f} s")
        sys.dont_write_bytecode = True  # that of a mutant would be the next's
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for mutant, result in judge(mutants, baseline, folder):
            counts[mutant.path.stem][result] += 1
            if result != "killed":
                print(f"{result}: {mutant.text}", flush=True)
    return counts


def main(*names):
    began = time.monotonic()
    os.environ.update(SETTINGS)
    os.chdir(ROOT)  # where mutmut finds its settings
    paths = sorted((ROOT / "d2lmini").rglob("[a-z]*.py"))
    paths = [path for path in paths if not names or path.stem in names]
    mutants = [mutant for path in paths for mutant in find(path)]
    random.Random(0).shuffle(mutants)  # what waits beside what computes
    counts = judge_all(mutants)
    for module, results in sorted(counts.items()):
        print(f"{module:10}", dict(results))
    killed = sum(results["killed"] for results in counts.values())
    share = killed / len(mutants)
    print(f"killed: {share:.1%} of {len(mutants)}; {LEAST:.0%} must be")
    print(f"{time.monotonic() - began:.0f} seconds, {WORKERS} at a time")
    return int(share < LEAST)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
