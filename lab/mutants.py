"""Changes the package in one place at a time and sees whether a test notices.

    python lab/mutants.py [MODULE ...]

The changes ("mutants") are mutmut's, made to function bodies. They are run
here, and not by mutmut, because that calls every function through another one:
`save_hyperparameters`, which reads the frame of its caller, would see the wrong
frame. Those that live are printed, for a person to judge: many are equivalent.

Each mutant gets those unit tests that reach its lines, fastest first, in a
process that is forked after PyTorch was loaded, on a copy of the tree. A test
that fails kills it. One that takes too long proves nothing: such a mutant is
unknown, and does not count as killed.
"""

import gc
import importlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, namedtuple
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import libcst as cst
import pytest
from _pytest.config import default_plugins
from coverage import CoverageData
from libcst.metadata import (
    ByteSpanPositionProvider,
    MetadataWrapper,
    PositionProvider,
)
from mutmut.mutation.mutators import mutation_operators, operator_string

ROOT = Path(__file__).resolve().parent.parent
LEAST, WORKERS = 0.92, 3  # those of `files` wait more than they compute
MODULES = (
    "batches checks data devices files loaders models names oop plotting "
    "records resizing standin training".split()
)
# Whose tests kill most of a module's mutants.
OWN = {name: f"test_{name}.py" for name in MODULES}
OWN |= {"checks": "test_bad_input.py", "devices": "test_training.py"}
OWN |= {"resizing": "test_data.py", "loaders": "test_batches.py"}
KILLERS = {*OWN.values(), "test_properties.py", "test_signatures.py"}
# Loaded once, before the processes part; nothing of it runs before that.
HEAVY = "torch numpy matplotlib.pyplot PIL.Image IPython nbformat hypothesis"
HEAVY += " ".join(f" _pytest.{name}" for name in default_plugins)
# They take or wait long, and other tests look at the same lines.
SLOW = (
    "given_its_time",
    "cannot_add_up_to_a_minute[10",
    "cannot_add_up_to_a_minute[0001",
    "cannot_add_up_to_a_minute[0111",
    "next_run_repairs[dripping",
    "passed_over[dripping",
    "asked_once_more[silent]",
    "killed_at_any_moment",
    "at_once[8]",
    "a_notebook_shows",
    "test_it_is_as_hard",
    "test_shapes_and_balance",
    "test_pictures_use_the_range",
    "test_no_picture_is_in_both",
    "torchvision_makes_of_it[None]",
    "in_a_notebook_each",
)
# They reach the module of their file in a process that they start.
ELSEWHERE = "seen_while_a_file_arrives", "process_that_gave_up_ends"
Mutant = namedtuple(
    "Mutant", "module function before after lines around source"
)


class Finder(cst.CSTVisitor):
    """Collects the mutants of one module."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self, name, tree):
        self.name, self.tree, self.mutants = name, tree, []
        self.code = tree.code.encode()
        self.scope, self.statement = [], None

    def lines(self, node):
        place = self.get_metadata(PositionProvider, node)
        return set(range(place.start.line, place.end.line + 1))

    def on_visit(self, node):
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self.scope.append(node)
        if isinstance(node, cst.BaseSmallStatement):
            self.statement = node
        elif isinstance(node, cst.BaseCompoundStatement):
            self.statement = None
        quiet = isinstance(node, cst.Call) and getattr(
            node.func, "value", None
        ) in ("len", "isinstance")
        if quiet or isinstance(node, (cst.Decorator, cst.Annotation)):
            return False
        if any(isinstance(scope, cst.FunctionDef) for scope in self.scope):
            for kind, operator in mutation_operators:
                if isinstance(node, kind):
                    for mutated in operator(node):
                        self.add(node, mutated)
                        if operator is operator_string:
                            break  # other cases of the letters say no more
        return True

    def on_leave(self, node):
        if self.scope and node is self.scope[-1]:
            self.scope.pop()

    def add(self, node, mutated):
        span = self.get_metadata(ByteSpanPositionProvider, node)
        start, end = span.start, span.start + span.length
        new = self.tree.code_for_node(mutated).strip().encode()
        source = self.code[:start] + new + self.code[end:]
        first = self.code.rfind(b"\n", 0, start) + 1
        last = self.code.find(b"\n", end)
        before = (
            self.code[first:last],
            self.code[first:start] + new + self.code[end:last],
        )
        before, after = (" ".join(text.decode().split()) for text in before)
        function = ".".join([self.name, *(s.name.value for s in self.scope)])
        lines = self.lines(self.statement or node)
        around = self.lines(self.scope[-1])
        self.mutants.append(
            Mutant(self.name, function, before, after, lines, around, source)
        )


def find(path):
    """Return the mutants of a module."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
    finder = Finder(path.stem, wrapper.module)
    wrapper.visit(finder)
    return finder.mutants


class Selection:
    """A pytest plugin: some tests in some order, and how long each takes."""

    def __init__(self, chosen=None):
        self.chosen, self.seconds = chosen, Counter()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items[:] = [
            item
            for item in items
            if not any(name in item.nodeid for name in SLOW)
        ]
        if self.chosen is not None:
            rank = {name: i for i, name in enumerate(self.chosen)}
            items[:] = [item for item in items if item.nodeid in rank]
            items.sort(key=lambda item: rank[item.nodeid])

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid] += report.duration


def run(folder, selection, *options, seconds=600):
    """Run pytest on the unit tests of a copy, in a fork; return its status."""
    child = os.fork()
    if child == 0:
        os.setsid()
        # An endless loop ends, even if nobody is left to stop it.
        signal.alarm(int(seconds) + 5)
        try:
            os._exit(int(work(folder, selection, *options)))
        except BaseException:
            traceback.print_exc()
        os._exit(99)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def work(folder, selection, *options):
    """Run pytest in this process."""
    os.chdir(folder)
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1), os.dup2(log, 2)
    names = selection.chosen
    names = names or [f"tests/package/{name}" for name in sorted(KILLERS)]
    files = sorted({name.split("::")[0] for name in names})
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    plain = ["-x", "-q", "-p", "no:cacheprovider", "--noconftest"]
    plain += ["-o", "addopts="]
    plain += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*plain, *options, *files], plugins=[selection])
    (folder / "seconds").write_text(json.dumps(selection.seconds))
    return code


def baseline(folder):
    """Return the tests that reach each line of each module, fastest first."""
    status = run(
        folder,
        Selection(),
        *("-p", "pytest_cov"),
        "--cov=d2lmini",
        "--cov-context=test",
        "--cov-report=",
        "--cov-fail-under=0",
    )
    if status:
        sys.exit((folder / "log").read_text())
    seconds = json.loads((folder / "seconds").read_text())
    data = CoverageData(str(folder / ".coverage"))
    data.read()
    reach = {}
    for file in data.measured_files():
        for line, contexts in data.contexts_by_lineno(file).items():
            reach[Path(file).stem, line] = {
                name
                for context in contexts
                for name in users(*context.rpartition("|")[::2], seconds)
            }
    return reach, seconds


def users(test, phase, seconds):
    """Return the tests that use what a test did in one of its phases.

    What it set up may be a fixture that all tests of its file share.
    """
    if phase != "setup":
        return {test} & seconds.keys()
    file = test.split("::")[0]
    return {name for name in seconds if name.split("::")[0] == file}


def judge(mutant):
    """Return what became of a mutant: killed, survived or unknown."""
    reached = [reach.get((mutant.module, n), ()) for n in mutant.lines]
    if not any(reached):  # a default value, which is made on import
        reached = [reach.get((mutant.module, n), ()) for n in mutant.around]
        reached.append({n for n in seconds if "test_signatures" in n})
    own = {n for n in seconds if OWN[mutant.module] in n}
    reached.append({n for n in own if any(name in n for name in ELSEWHERE)})
    chosen = sorted(set().union(*reached), key=lambda n: (seconds[n], n))
    (path,) = (folder / "d2lmini").rglob(f"{mutant.module}.py")
    original, dates = path.read_bytes(), path.stat()
    path.write_bytes(mutant.source)
    try:  # the module's own tests first
        for first in (True, False):
            part = [n for n in chosen if first == (n in own)]
            limit = 15 + 5 * sum(seconds[n] for n in part)
            status = run(folder, Selection(part), seconds=limit) if part else 0
            if status != 0:
                # 1: a test failed; 2: not even an import worked.
                return "killed" if status in (1, 2) else "unknown"
    finally:
        path.write_bytes(original)
        # Its byte code counts again.
        os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    return "survived"


def acquit():
    """Run all tests on unchanged code; return the log if one fails.

    A test that fails in this order, or in a worker, would kill everything.
    """
    order = sorted(seconds, key=lambda name: (seconds[name], name))
    status = run(folder, Selection(order))
    return (folder / "log").read_text() if status else ""


def copy(folder):
    """Copy what the unit tests need."""
    folder.mkdir()
    for name in ("d2lmini", "tests", "tools", "extensions", "lab"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def settle(home):
    """Give a worker its own copy of the tree, with the byte code of all.

    Later none is written: that of a mutant would be taken for the next one's.
    """
    global folder
    folder = copy(Path(home) / str(os.getpid()))
    run(folder, Selection(), "--collect-only")
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # for what the tests start


def judge_all(mutants):
    """Return what became of each mutant, in order."""
    global reach, seconds  # known to the workers, which are forked
    with tempfile.TemporaryDirectory() as home:
        reach, seconds = baseline(copy(Path(home) / "baseline"))
        fork = multiprocessing.get_context("fork")
        # Workers of multiprocessing.Pool may have no children, as loaders do.
        with ProcessPoolExecutor(WORKERS, fork, settle, [home]) as pool:
            results = []
            if complaint := pool.submit(acquit).result():
                sys.exit(
                    f"Unchanged code fails, so no kill is sure.\n{complaint}"
                )
            for result in pool.map(judge, mutants):
                results.append(result)
                if result != "killed":
                    mutant = mutants[len(results) - 1]
                    print(f"{len(results)} of {len(mutants)}: {result}")
                    print(*mutant[1:4], sep="\n    ", flush=True)
            return results


def report(mutants, results):
    """Print the numbers; tell whether too few were killed."""
    for module in sorted({m.module for m in mutants}):
        rows = zip(mutants, results, strict=True)
        counts = Counter(result for m, result in rows if m.module == module)
        print(f"{module:10}", dict(counts))
    share = results.count("killed") / len(results)
    print(
        f"killed: {share:.1%} of {len(results)}; at least {LEAST:.0%} must be"
    )
    return share < LEAST


def main(*names):
    start = time.monotonic()
    for name in HEAVY.split():
        importlib.import_module(name)
    gc.freeze()  # so that a fork copies less
    paths = sorted((ROOT / "d2lmini").rglob("[a-z]*.py"))
    paths = [path for path in paths if not names or path.stem in names]
    mutants = [mutant for path in paths for mutant in find(path)]
    random.Random(0).shuffle(mutants)  # what waits beside what computes
    failed = report(mutants, judge_all(mutants))
    print(f"{time.monotonic() - start:.0f} seconds")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
