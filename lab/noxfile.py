"""The same results elsewhere: other versions, threads and instruction sets.

    make matrix                       list the sessions
    make matrix S=colab               run one of them
    make matrix S="numerics oldest"   run several, one after the other

Each session has an environment of its own, with the CPU build of PyTorch
where the package index offers one and about 5 GB otherwise. The stored
outputs were made with requirements.txt; every session compares all of them
that are exact, and runs every check.
"""

import re
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent.parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")["project"]
PINS = re.findall(
    r"^([\w-]+)(==[^#\n]*)", (ROOT / "requirements.txt").read_text(), re.M
)
# What runs the notebooks and compares them keeps its version everywhere.
TOOLS = "nb(client|format|stripout|val)|psutil|pytest.*|pyyaml"
TOOLS = [name + pin for name, pin in PINS if re.fullmatch(TOOLS, name)]
# What a Colab runtime of Python 3.13 holds.
COLAB = "torch==2.11.0 torchvision==0.26.0 numpy==2.1.3 pandas==2.2.3 "
COLAB += "matplotlib==3.10.0 ipython==7.34.0 ipykernel==6.17.1"
# The notebooks, and the unit tests of d2lmini. Old releases of other packages
# use what newer ones deprecate; that is theirs to mend. (What reaches a
# reader is on stderr in a notebook, and fails there.)
OUR_OWN = ["-W", "ignore::DeprecationWarning", "chapters", "tests/package"]
# Waiting threads sleep: beside a busy neighbor spinning ones take ages.
TWO_THREADS = "OMP_NUM_THREADS=2 MKL_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE"
AVX512 = "ATEN_CPU_CAPABILITY=avx512 ONEDNN_MAX_CPU_ISA=AVX512_CORE"
AVX512 += " MKL_CBWR=AVX512"
VARIANTS = TWO_THREADS, AVX512, f"{TWO_THREADS} {AVX512}"

nox.options.sessions = []
nox.options.error_on_missing_interpreters = True


def run_all(session, *paths, **env):
    """Run notebooks and unit tests in the environment of a session."""
    paths = session.posargs or paths
    session.chdir(ROOT)
    session.run("python", "-m", "pytest", *paths, env=env)


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def pinned(session):
    """The versions that the stored outputs were made with."""
    session.install("-r", str(ROOT / "requirements.txt"))
    run_all(session)


@nox.session(python="3.10")
def oldest(session):
    """The lowest versions that pyproject.toml admits."""
    needs = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["book"]
    session.install(*(need.replace(">=", "==") for need in needs), *TOOLS)
    run_all(session, *OUR_OWN)


@nox.session(python=["3.11", "3.13"])
def newest(session):
    """The newest release of everything, and the site built with it."""
    kept = [
        name + pin for name, pin in PINS if name in ("nbval", "jupyter-book")
    ]
    session.install(*kept, *{name for name, _ in PINS})
    run_all(session)
    site = Path(session.create_tmp()) / "site"
    command = ["jupyter-book", "build", "-W", "-n", "--keep-going", "."]
    session.run(*command, "--path-output", str(site))


@nox.session(python="3.13")
def colab(session):
    """The versions that Google Colab ships."""
    session.install(*COLAB.split(), *TOOLS)
    run_all(session, *OUR_OWN)


@nox.session(python="3.11")
@nox.parametrize("variant", VARIANTS, ids=["two-threads", "avx512", "both"])
def numerics(session, variant):
    """The pinned versions under other threads and instruction sets."""
    facts = Path("/proc/cpuinfo")
    if "avx512" in variant and "avx512f" not in facts.read_text():
        session.skip("this machine has no AVX-512")
    session.install("-r", str(ROOT / "requirements.txt"))
    run_all(session, "chapters", D2LMINI_NUMERICS=variant)
