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
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import hypothesis
import libcst as cst
import pytest
from coverage import CoverageData
from libcst.metadata import (
    ByteSpanPositionProvider,
    MetadataWrapper,
    PositionProvider,
)
from mutmut.mutation.mutators import mutation_operators, operator_string

ROOT = Path(__file__).resolve().parent.parent
LEAST = 0.95
LONG, ENOUGH = 3, 15  # seconds: tests above the first are left out
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
COVERAGE = "-p pytest_cov --cov=d2lmini --cov-context=test --cov-report="
COVERAGE += f" --cov-fail-under=0 -p xdist -n {WORKERS} --dist=worksteal"
VERDICTS = {0: "survived", 1: "killed", 2: "killed"}  # 2: no import worked


@dataclass
class Mutant:
    """A file, its changed content, and what tells which tests reach it."""

    path: Path
    content: bytes
    lines: set
    scope: set
    text: str


def changes(node, statement=None, scopes=()):
    """Yield (node, what replaces it, statement, scopes) for all functions."""
    if isinstance(node, (cst.Decorator, cst.Annotation)) or is_quiet(node):
        return
    if isinstance(node, cst.BaseSmallStatement):
        statement = node
    elif isinstance(node, cst.BaseCompoundStatement):
        statement = None
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        scopes = (*scopes, node)
    if any(isinstance(scope, cst.FunctionDef) for scope in scopes):
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                # A text in other letters says no more than another text.
                most = 1 if operator is operator_string else None
                for mutated in islice(operator(node), most):
                    yield node, mutated, statement or node, scopes
    for child in node.children:
        yield from changes(child, statement, scopes)


def is_quiet(node):
    """Tell whether a node is a call such as `len(x)`, which fails at once."""
    name = getattr(getattr(node, "func", None), "value", None)
    return isinstance(node, cst.Call) and name in ("len", "isinstance")


def find(path):
    """Return the mutants of a module."""
    content = path.read_bytes()
    wrapper = MetadataWrapper(cst.parse_module(content))
    spans = wrapper.resolve(ByteSpanPositionProvider)
    places = wrapper.resolve(PositionProvider)

    def lines(node):
        place = places[node]
        return set(range(place.start.line, place.end.line + 1))

    found = []
    for node, mutated, statement, scopes in changes(wrapper.module):
        start = spans[node].start
        end = start + spans[node].length
        new = wrapper.module.code_for_node(mutated).strip().encode()
        first = content.rfind(b"\n", 0, start) + 1
        last = content.find(b"\n", end)
        before = content[first:last].decode()
        after = (content[first:start] + new + content[end:last]).decode()
        name = ".".join([path.stem, *(scope.name.value for scope in scopes)])
        shown = (" ".join(text.split()) for text in (before, after))
        found.append(
            Mutant(
                path.relative_to(ROOT),
                content[:start] + new + content[end:],
                lines(statement),
                lines(scopes[-1]),
                "\n    ".join([f"{name}:{places[node].start.line}", *shown]),
            )
        )
    return found


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
        self.seconds[report.nodeid] += report.duration


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
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it left no process behind
    return child, os.waitstatus_to_exitcode(status)


def preload(folder):
    """Import what the tests import, once for all the forks.

    Nothing of the package: each fork has its own.
    """
    start(folder, options="--collect-only")
    wait()
    here = {path.stem for path in folder.rglob("*.py")} | {"d2lmini"}
    for name in json.loads((folder / "modules").read_text()):
        if name.split(".")[0] not in here:
            try:
                importlib.import_module(name)
            except ImportError:
                pass  # not all that calls itself a module is one
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
        start(folder, options=COVERAGE)
        if wait()[1]:
            sys.exit((folder / "log").read_text())
        self.seconds = json.loads((folder / "seconds").read_text())
        for name in [n for n in self.seconds if self.seconds[n] > LONG]:
            print(f"left out, {self.seconds.pop(name):.0f} s: {name}")
        of_file = defaultdict(set)
        for name in self.seconds:
            of_file[file_of(name)].add(name)
        data = CoverageData(str(folder / ".coverage"))
        data.read()
        self.reach, self.weight = defaultdict(set), Counter()
        for file in data.measured_files():
            path = Path(file).relative_to(folder)
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in contexts:
                    name, _, phase = context.rpartition("|")
                    # What was set up may be shared by all tests of the file.
                    same = of_file[file_of(name)] if phase == "setup" else ()
                    self.reach[path, line].update({name}, same)
                for file_of_tests in {file_of(c) for c in contexts}:
                    self.weight[file_of_tests, path] += 1
                    self.weight[file_of_tests] += 1

    def tests_for(self, mutant):
        """Return the tests that may notice a mutant, in a good order.

        No test reaches what runs on import, such as the default of an
        argument: then those of the whole function are taken, or all.
        """
        for lines in (mutant.lines, mutant.scope):
            places = [self.reach[mutant.path, line] for line in lines]
            if chosen := set().union(*places) & self.seconds.keys():
                break

        def rank(name):
            file = file_of(name)
            share = self.weight[file, mutant.path] / (self.weight[file] or 1)
            return -share, file, self.seconds[name], name

        return sorted(chosen or self.seconds, key=rank)


def judge(mutants, baseline, folder):
    """Yield (mutant, what became of it, its copy of the tree)."""
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
                if took <= ENOUGH or not mutant.lines:
                    chosen.append(name)
                    took += baseline.seconds[name]
            running[start(copy, chosen, limit=20 + 5 * took)] = mutant, copy
        else:
            child, status = wait()
            mutant, copy = running.pop(child)
            yield mutant, VERDICTS.get(status, f"unknown ({status})"), copy
            # With its date, so that its byte code counts again.
            shutil.copy2(folder / mutant.path, copy / mutant.path)
            copies.append(copy)


def judge_all(mutants):
    """Print what lives; return {module: how often each verdict was given}.

    The first is no mutant: a test that fails on unchanged code, in this order
    and in these processes, would kill everything.
    """
    same = min((ROOT / "d2lmini").rglob("*.py"))
    same = Mutant(same.relative_to(ROOT), same.read_bytes(), (), (), "")
    counts, began = defaultdict(Counter), time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home).resolve() / "baseline"
        skip = shutil.ignore_patterns(".*", "_build", "__pycache__", "chapters")
        shutil.copytree(ROOT, folder, ignore=skip)
        preload(folder)
        baseline = Baseline(folder)
        took = time.monotonic() - began
        print(f"{len(baseline.seconds)} tests; before the first {took:.0f} s")
        sys.dont_write_bytecode = True  # that of a mutant would be the next's
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for mutant, result, copy in judge([same, *mutants], baseline, folder):
            if mutant is same and result != "survived":
                print((copy / "log").read_text())
                sys.exit("Unchanged code fails, so no kill is sure.")
            if mutant is not same:
                counts[mutant.path.stem][result] += 1
                if result != "killed":
                    print(f"{result}: {mutant.text}", flush=True)
    return counts


def main(*names):
    began = time.monotonic()
    os.environ.update(SETTINGS)
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
