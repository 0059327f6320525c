"""Makes the virtual environment of the book, and keeps it in repair.

    python tools/environment.py FOLDER REQUIREMENTS ...

What a file of requirements names is installed when the file has changed since
it was last installed, into the environment that is there. A new one is made
only where the Python of the old one no longer runs. Needs no package, since it
is there before any is.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def works(python):
    """Tell whether an environment's Python runs and has the whole of pip."""
    whole = "import importlib.metadata as m; exit(not m.files('pip'))"
    try:
        done = subprocess.run([python, "-c", whole], capture_output=True)
    except OSError:  # there is none, or its link leads nowhere
        return False
    return done.returncode == 0


def lacking(folder, requirements):
    """Yield (file, stamp, state) of each file that is to be installed.

    The state of one includes those before it: what they bring may have
    changed what it needs.
    """
    total = hashlib.sha256((ROOT / "constraints.txt").read_bytes())
    for name in requirements:
        total.update((ROOT / name).read_bytes())
        stamp = folder / "installed" / Path(name).name
        if not stamp.is_file() or stamp.read_text("utf-8") != total.hexdigest():
            yield name, stamp, total.hexdigest()


def prepare(folder, requirements, lock):
    """Make an environment where none works; install what it lacks.

    What is called holds the lock as well, in case it outlives this process.
    """
    held = {"check": True, "cwd": ROOT, "pass_fds": [lock]}
    python = folder / "bin" / "python"
    if not works(python):
        if sys.version_info < (3, 10):  # noqa: UP036, this runs on any
            sys.exit("Python 3.10 or newer is needed: make PYTHON=...")
        print(f"Setting up {folder}, once; PyTorch is large.", flush=True)
        shutil.rmtree(folder / "installed", ignore_errors=True)
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        subprocess.run(make, **held)
    install = [str(python), "-m", "pip", "install", "-c", "constraints.txt"]
    for name, stamp, state in lacking(folder, requirements):
        print(f"Installing what {name} names.", flush=True)
        stamp.unlink(missing_ok=True)  # an interrupted pip leaves a mixture
        subprocess.run([*install, "-r", name], **held)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(state, "utf-8")


def main(folder, *requirements):
    folder = Path(folder).absolute()
    if works(folder / "bin/python") and not [*lacking(folder, requirements)]:
        return None  # nothing is written, where that may be impossible
    # A lock on this very file: it ends with the process, however that ends.
    with open(__file__) as this:
        fcntl.flock(this, fcntl.LOCK_EX)
        try:
            return prepare(folder, requirements, this.fileno())
        except subprocess.CalledProcessError as error:
            return error.returncode  # its own words stand above
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
