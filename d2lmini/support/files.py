"""Where the images of 4.2 come from: a cache, a mirror, or the stand-in.

A file of the cache is either the published
one, bit for bit, or it is fetched again.
"""

import gzip
import hashlib
import io
import os
import sys
import threading
import time
import urllib.request
import warnings
import zlib
from collections import namedtuple
from contextlib import suppress
from pathlib import Path

import numpy as np

# Name: (length in bytes, SHA-256) of the files as their authors publish them.
FILES = {
    "train-images-idx3-ubyte.gz": (
        26421880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte.gz": (
        29515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte.gz": (
        4422102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        5148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}
# Tried in this order: the authors' repository, Keras' copy, the first home.
MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
)
# A download that brings less than FLOOR bytes a second over WINDOW seconds is
# given up.
WINDOW, FLOOR, PAUSE = 10, 10_000, 2
# How the name of a file ends that is being written; nobody else calls one so.
PART = ".d2lmini.part"
WEB_PAGE = "a web page (of a network that asks for a log-in?)"

# Images, uint8 of shape (n, 28, 28), with labels, uint8 of shape (n,).
Part = namedtuple("Part", "images labels")
# The parts to train on and to test on; `is_standin` tells who made them.
Images = namedtuple("Images", "train val is_standin", defaults=[False])


def load_images(root):
    """Return the `Images` in a folder, fetched or drawn where they lack.

    Who has waited in vain for longer than a WINDOW waits only once: afterwards
    $D2LMINI_STANDIN is "always", for this process and those that it starts.
    """
    wish = os.environ.get("D2LMINI_STANDIN") or "auto"
    if wish not in ("auto", "never", "always"):
        raise ValueError(
            f"D2LMINI_STANDIN is auto, never or always, not {wish}."
        )
    if wish != "always":
        folder, start = Path(root) / "FashionMNIST" / "raw", time.monotonic()
        tries = [*MIRRORS, *MIRRORS]
        try:
            train = _published(folder, "train", tries)
            return Images(train, _published(folder, "t10k", tries))
        except OSError as error:
            if wish == "never":
                raise
            if time.monotonic() - start > WINDOW:
                os.environ["D2LMINI_STANDIN"] = "always"
            warnings.warn(
                "This is a stand-in that d2lmini drew: pictures of the same "
                f"ten classes, other results. {error}",
                stacklevel=3,
            )
    folder = Path(root) / "FashionMNIST-standin" / "raw"
    train = _drawn(folder, "train", 60_000, 1)
    return Images(train, _drawn(folder, "t10k", 10_000, 2), is_standin=True)


def _published(folder, part, tries):
    """Return a `Part` of the published images, fetched where it lacks."""
    arrays = []
    for path in _paths(folder, part):
        length, sha256 = FILES[path.name]
        try:
            content = read(path, length)
            check(content, "sha256", sha256)
        except (OSError, ValueError) as error:
            content = _fetch(path, why(error), tries)
            _keep(path, content)
        arrays.append(_read_idx(content))
    return Part(*arrays)


def _drawn(folder, part, num_images, seed):
    """Return a `Part` of the stand-in, drawn where it lacks.

    The date in the head of a gzip file stands for the code that drew it, so
    that what another release has drawn is not taken for ours.
    """
    from . import standin

    date = zlib.crc32(Path(standin.__file__).read_bytes())
    paths = _paths(folder, part)
    with suppress(Exception):  # whatever is wrong with one, both are made anew
        contents = [read(path, 28 * 28 * num_images) for path in paths]
        dates = {int.from_bytes(content[4:8], "little") for content in contents}
        if dates == {date}:
            return Part(*map(_read_idx, contents))
    drawn = Part(*standin.draw(num_images, seed))
    for path, array in zip(paths, drawn, strict=True):
        _keep(path, _to_idx(array, date))
    return drawn


def _paths(folder, part):
    """Return the paths of the images of a part, and of their labels."""
    return [folder / name for name in FILES if name.startswith(part)]


def _fetch(path, reason, tries):
    """Return a published file that could not be read, for a `reason`.

    `tries` are mirrors, in the order in which they are asked. One that fails is
    taken out, and another with it where that took long, so that all failures,
    of all files together, take less than a minute.
    """
    length, sha256 = FILES[path.name]
    causes = {path.parent: reason}
    while tries:
        start, mirror = time.monotonic(), tries[0]
        try:
            content, _ = receive(mirror + path.name, length)
            check(content, "sha256", sha256)
            return content
        except (OSError, ValueError) as error:
            causes[mirror] = error
        del tries[0]
        if time.monotonic() - start > WINDOW / 2:
            del tries[-1:]
        if len(tries) == len(MIRRORS):
            time.sleep(PAUSE)
    places = "".join(f"\n  {place}: {why}" for place, why in causes.items())
    raise OSError(
        f"{path.name} could be neither found nor fetched:{places}\n"
        "Put it into that folder by hand, or set D2LMINI_STANDIN: always does "
        "without it, never asks the mirrors again."
    )


def probe_mirrors():
    """Fetch every file from every mirror, and stop where one fails.

    Meant for a weekly run.
    """
    for mirror in MIRRORS:
        for name in FILES:
            _fetch(Path("cache") / name, "not looked for", [mirror])


class _Transfer(threading.Thread):
    """Receives what is at an address, in a thread that can be left behind.

    Name resolution has no time limit, and that of urlopen starts again with
    every byte and address.
    """

    failure, is_wanted = "", True

    def __init__(self, url, longest):
        super().__init__(daemon=True)
        self.url, self.longest, self.content = url, longest, bytearray()

    def run(self):
        try:
            with urllib.request.urlopen(self.url, timeout=2 * WINDOW) as answer:
                self.headers = answer.headers
                self._receive(answer, answer.length)
        except Exception as error:  # whose traceback would hold a socket open
            self.failure = why(error)

    def _receive(self, answer, length):
        if answer.status != 200:  # a part of the file, or nothing
            raise OSError(f"HTTP status {answer.status}, not 200")
        tenth = 1
        while self.is_wanted and (chunk := answer.read1(1 << 16)):
            self.content += chunk
            while length and 10 * len(self.content) >= tenth * length:
                print(f" {10 * tenth}%", end="", flush=True)
                tenth += 1
            if len(self.content) > self.longest:
                raise OSError(f"more than {self.longest:,} bytes")
        if len(self.content) < (length or 0):
            raise OSError(f"{len(self.content):,} of {length:,} bytes")


def receive(url, longest):
    """Return the bytes at an address, and the headers that came with them.

    Every tenth is printed as it arrives. Raises OSError where that fails, takes
    too long, or brings more than `longest` bytes.
    """
    _, _, host, *_, name = url.split("/")
    print(f"Fetching {name} from {host}", end="", flush=True)
    transfer, before = _Transfer(url, longest), 0
    transfer.start()
    try:
        transfer.join(WINDOW)
        while transfer.is_alive():
            arrived = len(transfer.content) - before
            if arrived < FLOOR * WINDOW:
                raise TimeoutError(f"{arrived:,} bytes in {WINDOW} s")
            before += arrived
            transfer.join(WINDOW)
    finally:
        transfer.is_wanted = False
        print()
    if transfer.failure:
        raise OSError(transfer.failure)
    return transfer.content, transfer.headers


def check(content, algorithm, digest):
    """Raise ValueError unless bytes have this digest, "sha256" or "sha1"."""
    found = hashlib.new(algorithm, content).hexdigest()
    if found != digest.lower():
        kind = WEB_PAGE if is_web_page(content) else "another file"
        raise ValueError(f"{kind}, whose {algorithm} is {found}")


def is_web_page(content):
    """Tell whether bytes look like HTML, which a portal sends for anything."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") and b"<html" in start


def cache_folder():
    """Return the folder of all data sets: $D2LMINI_DATA, or a user cache.

    A variable that is empty counts as unset, and so does $XDG_CACHE_HOME with a
    relative path, as the XDG Base Directory Specification demands. Raises
    RuntimeError where the path needs a home folder that nobody knows.
    """
    variable, usual = {
        "win32": ("LOCALAPPDATA", "~/AppData/Local"),
        "darwin": ("", "~/Library/Caches"),
    }.get(sys.platform, ("XDG_CACHE_HOME", "~/.cache"))
    base = os.path.expanduser(os.environ.get(variable, usual))
    base = base if os.path.isabs(base) else usual
    given = os.environ.get("D2LMINI_DATA")
    folder = os.path.expanduser(given or f"{base}/d2lmini")
    if folder.startswith("~"):
        where = f"D2LMINI_DATA={given}" if given else "the cache"
        raise RuntimeError(
            f"The home folder that {where} lies in is not known. Let "
            "D2LMINI_DATA name a folder for the data, or give `root`."
        )
    return Path(folder).absolute()


def read(path, longest):
    """Return the bytes of a file, at most one more than `longest`."""
    if path.exists() and not path.is_file():
        raise ValueError("not a regular file")  # it might have no end
    with open(path, "rb") as file:
        return file.read(longest + 1)


def _keep(path, content):
    """Write a file for the next time, or warn why that cannot be."""
    try:
        write(path, content)
    except (OSError, ValueError) as error:
        # Without the file's name, so that Python says it once for all four.
        warnings.warn(
            f"{path.parent} could not keep the images: {why(error)}. Let "
            "D2LMINI_DATA name a folder with 31 MB to write.",
            stacklevel=5,
        )


def write(path, content):
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    # What `tempfile` makes, other users of a shared cache could not read.
    temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}{PART}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except PermissionError:
        # Windows replaces no file that another process reads. If it is the
        # right one, that process was faster.
        if not path.is_file() or read(path, len(content)) != content:
            raise
    finally:
        temporary.unlink(missing_ok=True)


def _sweep(folder):
    """Remove what a process wrote that was killed an hour or more ago."""
    for path in folder.glob(f"*{PART}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > 3600:
                path.unlink()


def _read_idx(content):
    """Turn the bytes of a gzipped IDX file into an array of uint8."""
    data = bytearray()  # which may be written to, and exists only once
    with gzip.open(io.BytesIO(content)) as file:
        while chunk := file.read(1 << 20):
            data += chunk
    values = np.frombuffer(data, np.uint8)
    start = 4 + 4 * values[3]  # behind the sizes, one a dimension
    return values[start:].reshape(values[4:start].view(">u4"))


def _to_idx(array, date):
    """Turn an array of uint8 into the bytes of a gzipped IDX file."""
    sizes = np.array(array.shape, ">u4").tobytes()
    content = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
    return gzip.compress(content, 1, mtime=date)


def why(error):
    """Return what an error says, which may be the words of any server."""
    words = getattr(error, "strerror", None) or str(error) or repr(error)
    words = " ".join(words[:1000].split())
    return "".join(c if c.isprintable() else "?" for c in words[:200])
