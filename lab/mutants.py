"""Changes the package in one place at a time and sees whether a test notices.

    python lab/mutants.py [MODULE ...]

The changes ("mutants") are mutmut's, made to the bodies of functions. They are
run here, since mutmut calls a function through another one:
`save_hyperparameters`, which reads the frame of its caller, would see the wrong
frame. Those that live are printed, for a person to judge: many are equivalent.

At first all tests run once under coverage, and must pass. Each mutant then gets
those that reach its lines, in a forked process, on a copy of the tree: first
the test that reaches little else. A test that fails kills it. If they take much
longer than any test should, that proves nothing: such a mutant does not count
as killed.
"""

import importlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, namedtuple
from contextlib import suppress
from pathlib import Path

import pytest
from coverage import CoverageData
from libcst import metadata
from mutmut.mutation.file_mutation import create_mutations

ROOT = Path(__file__).resolve().parent.parent
LEAST = 0.95
LIMIT = 120  # seconds that the tests of a mutant may take
WORKERS = int(os.environ.get("WORKERS") or os.cpu_count())
# One thread each, no screen, no GPU and no network: the same for all.
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "agg",
    "CUDA_VISIBLE_DEVICES": "",
    "D2LMINI_STANDIN": "always",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
PLAIN = (
    "-q --noconftest -o addopts= -W ignore::pytest.PytestAssertRewriteWarning"
)
COVERAGE = "-p pytest_cov --cov=d2lmini --cov-context=test --cov-report= "
COVERAGE += "--cov-fail-under=0 tests/package"
# What the tests import, and nothing of the package: each fork has its own.
PRELOADED = "torch matplotlib.pyplot pandas PIL.Image IPython"
# What checks lengths that are equal in any case, when a text is seen, and the
# line a warning names: a change of these changes no result.
IDLE = re.compile(rb",?\s*((strict|flush|stacklevel)=\w+,?\s*)?(?=\))|\s")
VERDICTS = {0: "survived", 1: "killed", 4: "killed"}  # 4: no import worked


Mutant = namedtuple("Mutant", "path content lines scope text")


def find(path):
    """Yield the mutants of a module."""
    content = path.read_bytes()
    module, mutations, *_ = create_mutations(str(path), content.decode())
    wrapper = metadata.MetadataWrapper(module, unsafe_skip_copy=True)
    spans = wrapper.resolve(metadata.ByteSpanPositionProvider)
    places = wrapper.resolve(metadata.PositionProvider)
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


def start(folder, *arguments, limit=LIMIT):
    """Run pytest in a fork that ends after a while; return its id."""
    if child := os.fork():
        return child
    os.setsid()
    signal.alarm(limit)
    status = 99
    try:
        os.chdir(folder)
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1), os.dup2(log, 2)
        status = int(pytest.main([*PLAIN.split(), *arguments]))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def wait():
    """Return id and exit status of the next fork that ends, and end its own."""
    child, status = os.wait()
    with suppress(ProcessLookupError):  # nearly all leave nothing behind
        os.killpg(child, signal.SIGKILL)
    return child, os.waitstatus_to_exitcode(status)


def preload():
    """Do once what each fork would do."""
    for name in PRELOADED.split():
        importlib.import_module(name)


def reached(folder):
    """Return {(module, line): names of the tests that reach it}."""
    run_all(folder, *COVERAGE.split())
    data = CoverageData(str(folder / ".coverage"))
    data.read()
    found = {}
    for file in data.measured_files():
        path = Path(file).relative_to(folder)
        for line, contexts in data.contexts_by_lineno(file).items():
            names = {context.rpartition("|")[0] for context in contexts}
            found[path, line] = names - {""}
    return found


def run_all(folder, *arguments):
    """Run tests that must pass: one that fails would kill everything."""
    start(folder, *arguments, limit=1800)
    if wait()[1]:
        sys.exit((folder / "log").read_text())


def tests_for(mutant, reach):
    """Return the tests that may notice a mutant.

    No test reaches what runs on import, such as the default of an argument:
    then those of the whole function are taken, or all.
    """
    for lines in (mutant.lines, mutant.scope):
        if names := {n for i in lines for n in reach.get((mutant.path, i), ())}:
            return names
    return set().union(*reach.values())


def judge(mutants, folder):
    """Yield (mutant, what became of it)."""
    reach = reached(folder)
    # How many lines a test reaches; that of few lines is quick to notice.
    breadth = Counter(name for names in reach.values() for name in names)
    run_all(folder, "-x", *sorted(breadth))
    sys.dont_write_bytecode = True  # that of a mutant would be the next's
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    copies = [folder.with_name(f"copy{i}") for i in range(WORKERS)]
    for copy in copies:
        shutil.copytree(folder, copy)
    waiting, running = mutants[::-1], {}
    while waiting or running:
        if waiting and copies:
            mutant, copy = waiting.pop(), copies.pop()
            (copy / mutant.path).write_bytes(mutant.content)
            tests = sorted(tests_for(mutant, reach), key=breadth.get)
            child = start(copy, "-x", "-p", "no:cacheprovider", *tests)
            running[child] = mutant, copy
        else:
            child, status = wait()
            mutant, copy = running.pop(child)
            yield mutant, VERDICTS.get(status, f"unknown ({status})")
            # With its date, so that its byte code counts again.
            shutil.copy2(folder / mutant.path, copy / mutant.path)
            copies.append(copy)


def main(*names):
    began = time.monotonic()
    os.environ.update(SETTINGS)
    os.chdir(ROOT)  # where mutmut finds its settings
    paths = sorted((ROOT / "d2lmini").rglob("[a-z]*.py"))
    paths = [path for path in paths if not names or path.stem in names]
    mutants = [mutant for path in paths for mutant in find(path)]
    random.Random(0).shuffle(mutants)  # what waits beside what computes
    preload()
    killed = 0
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home).resolve() / "baseline"
        skip = shutil.ignore_patterns(".*", "_build", "__pycache__", "chapters")
        shutil.copytree(ROOT, folder, ignore=skip)
        for mutant, result in judge(mutants, folder):
            killed += result == "killed"
            if result != "killed":
                print(f"{result}: {mutant.text}", flush=True)
    share = killed / len(mutants)
    print(f"killed: {share:.1%} of {len(mutants)}; {LEAST:.0%} must be")
    print(f"{time.monotonic() - began:.0f} seconds, {WORKERS} at a time")
    return int(share < LEAST)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
