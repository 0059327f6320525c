"""Builds the site, and puts it in the place of the old one once it is whole.

    python tools/build.py

Sphinx works in a folder of its own, where it finds what it made of the pages
that have not changed. It starts anew after a build that failed or was
interrupted, because it reports the warnings of a page only when it reads that
page, and after a change of anything but pages, which it does not notice.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE, WORK = ROOT / "_build" / "html", ROOT / "_build" / "work"
BOOK = "from jupyter_book.cli.main import main; main()"
SPHINX = [sys.executable, "-c", BOOK, "build", "-W", "-n", "--keep-going"]
RULES = [sys.executable, str(ROOT / "tools" / "rules.py")]
# What the pages look like depends on these, on the packages, and on the place.
INPUTS = (
    "_*.yml *.cff *.txt d2lmini/**/*.py extensions/* figures/**/* lab/d2l.yml"
)
INPUTS = f"{INPUTS} theme/**/* tools/*.py vendor/**/* _build/d2l-mini.*".split()


def state():
    """Return a text that changes when Sphinx must start anew."""
    total = hashlib.sha256(f"{ROOT} {sys.version}".encode())
    paths = {path for pattern in INPUTS for path in ROOT.glob(pattern)}
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.read_bytes())
    return total.hexdigest()


def put_in_place():
    """Replace the old site by the new one, which is copied beside it first."""
    new, old = SITE.with_name("html.new"), SITE.with_name("html.old")
    for scrap in (new, old):
        shutil.rmtree(scrap, ignore_errors=True)
    shutil.copytree(WORK / "_build" / "html", new)
    if SITE.exists():
        SITE.rename(old)
    new.rename(SITE)
    shutil.rmtree(old, ignore_errors=True)


def main():
    finished, now = WORK / "finished", state()
    command = [*SPHINX, "--path-output", str(WORK), "."]
    # Of two builds, one waits for the other. Sphinx holds the lock as well, in
    # case it outlives this process.
    with open(__file__) as this:
        fcntl.flock(this, fcntl.LOCK_EX)
        if not finished.is_file() or finished.read_text("utf-8") != now:
            shutil.rmtree(WORK, ignore_errors=True)
        finished.unlink(missing_ok=True)
        # Beside Sphinx; what they find is printed after all that it says.
        with subprocess.Popen(
            RULES, stdout=subprocess.PIPE, text=True
        ) as rules:
            done = subprocess.run(command, cwd=ROOT, pass_fds=[this.fileno()])
            print(rules.stdout.read(), end="")
        if done.returncode or rules.returncode:
            return done.returncode or rules.returncode
        finished.write_text(now, "utf-8")
        put_in_place()
    print(f"The book: {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"The site could not be written: {error}")
