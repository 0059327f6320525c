"""Where the images of 4.2 come from: a cache, a mirror, or the stand-in.

No section teaches this module. A file of the cache is either the published
one, bit for bit, or it is fetched again.
"""

import gzip
import hashlib
import os
import secrets
import sys
import threading
import time
import urllib.request
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

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
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
# A download that brings less than FLOOR bytes a second over WINDOW seconds is
# given up. PATIENCE is what failures may cost, all files and mirrors together:
# however bad the network, an answer comes within PATIENCE + WINDOW seconds and
# a PAUSE a file, on top of the time in which a download made progress.
WINDOW, FLOOR, PATIENCE, PAUSE = 10, 10_000, 30, 2
# For so many seconds a process that has waited in vain, longer than a WINDOW,
# makes do with the stand-in at once.
REST = 300
STANDIN_NOTE = (
    "Fashion-MNIST could be neither found nor fetched. This is a stand-in "
    "that d2lmini drew: pictures of the same ten classes, other results."
)


def cache_folder():
    """Return the folder of all data sets: $D2LMINI_DATA, or a user cache.

    A variable that is empty counts as unset, and so does $XDG_CACHE_HOME with a
    relative path, as the XDG Base Directory Specification demands.
    """
    if given := os.environ.get("D2LMINI_DATA"):
        return Path(given).expanduser()
    if sys.platform == "win32":
        variable, usual = "LOCALAPPDATA", "~/AppData/Local"
    elif sys.platform == "darwin":
        variable, usual = "", "~/Library/Caches"
    else:
        variable, usual = "XDG_CACHE_HOME", "~/.cache"
    base = Path(os.environ.get(variable, "")).expanduser()
    if not base.is_absolute():
        base = Path(usual).expanduser()
    return base / "d2lmini"


def _check(name, content):
    """Raise ValueError unless `content` is the published file, bit for bit."""
    length, sha256 = FILES[name]
    if content[:80].lstrip().startswith(b"<"):
        raise ValueError("a web page (of a network that asks for a log-in?)")
    if len(content) != length:
        raise ValueError(f"{len(content):,} bytes, not {length:,}")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("the right length, but the wrong SHA-256")


def _write(path, content):
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # What `tempfile` makes, other users of a shared cache could not read.
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
        os.replace(temporary, path)
    except PermissionError:
        # Windows replaces no file that another process reads. If it is the
        # right one, that process was faster.
        if not path.is_file() or path.read_bytes() != content:
            raise
    finally:
        temporary.unlink(missing_ok=True)


def _keep(folder, files):
    """Write the pairs (name, content) for the next time; return them all."""
    contents, failures = {}, {}
    for name, content in files:
        contents[name] = content
        try:
            _write(folder / name, content)
        except OSError as error:
            failures[name] = error.strerror
    if failures:
        warnings.warn(
            f"{folder} could not keep {', '.join(failures)}: "
            f"{', '.join(set(failures.values()))}. The next run starts anew, "
            "unless D2LMINI_DATA names a folder with 31 MB to write.",
            stacklevel=5,
        )
    return contents


def _sweep(root):
    """Remove what a process wrote that was killed an hour or more ago."""
    for path in root.glob("FashionMNIST*/raw/*.part"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > 3600:
                path.unlink()


def _receive(url, length, content, failures, given_up):
    """Append to `content` what is at `url`, and to `failures` what went wrong.

    Runs in a thread that can be left behind: name resolution has no time
    limit, and that of urlopen starts again with every byte and address.
    """
    try:
        with urllib.request.urlopen(url, timeout=2 * WINDOW) as response:
            while len(content) < length and not given_up.is_set():
                content += (chunk := response.read1(1 << 16))
                if not chunk:
                    break
    except Exception as error:  # whose traceback would hold a socket open
        failures.append(" ".join(str(error).split()) or repr(error))


def _download(url, length):
    """Return what is at `url`, printing every tenth of it as it arrives."""
    content, failures, given_up = bytearray(), [], threading.Event()
    arguments = url, length, content, failures, given_up
    thread = threading.Thread(target=_receive, args=arguments, daemon=True)
    thread.start()
    start, before, tenth = time.monotonic(), 0, 1
    try:
        while thread.is_alive():
            thread.join(0.1)
            while 10 * len(content) >= tenth * length and tenth <= 10:
                print(f" {10 * tenth}%", end="", flush=True)
                tenth += 1
            if time.monotonic() - start > WINDOW and thread.is_alive():
                received, before = len(content) - before, len(content)
                if received < FLOOR * WINDOW:
                    raise TimeoutError(f"{received:,} bytes in {WINDOW} s")
                start = time.monotonic()
    finally:
        given_up.set()
    if failures:
        raise OSError(failures[0])
    return bytes(content)


def _explain(name, causes):
    """Return the message about a file that lacks everywhere."""
    places = "".join(f"  {place}: {why}\n" for place, why in causes.items())
    return (
        f"{name} could be neither found nor fetched:\n{places}"
        "Put it into that folder by hand, or let D2LMINI_DATA name one that "
        "has FashionMNIST/raw. D2LMINI_STANDIN=always does without it."
    )


def _fetch(name, causes, lost):
    """Return the published file `name` from the first mirror that has it.

    `causes` says by place why the file lacks. `lost` counts the seconds that
    each mirror has cost in vain: the cheapest is asked first, each one twice.
    """
    print(f"Fetching {name}, {FILES[name][0]:,} bytes,", end="")
    for pause in (0, PAUSE):
        time.sleep(pause)
        for mirror in sorted(lost, key=lost.get):
            if sum(lost.values()) >= PATIENCE:
                break
            start = time.monotonic()
            try:
                print(f" from {urlsplit(mirror).netloc}", end="", flush=True)
                content = _download(mirror + name, FILES[name][0])
                _check(name, content)
                print()
                return content
            except (OSError, ValueError) as error:
                causes[mirror] = error
                lost[mirror] += min(time.monotonic() - start, WINDOW)
    print()
    raise OSError(_explain(name, causes))


def _read_idx(content):
    """Turn the bytes of a gzipped IDX file into an array of uint8."""
    values = bytearray(gzip.decompress(content))  # checks length and CRC
    num_dims = values[3]
    shape = np.frombuffer(values, ">u4", num_dims, 4).tolist()
    return np.frombuffer(values, np.uint8, -1, 4 + 4 * num_dims).reshape(shape)


def _to_idx(array, date):
    """Turn an array of uint8 into the bytes of a gzipped IDX file."""
    header = bytes([0, 0, 8, array.ndim])
    header += np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.tobytes(), 1, mtime=date)


def _load_published(folder, asks_from=0):
    """Return the four published arrays by file name, fetching what lacks.

    No mirror is asked before time.monotonic() reaches `asks_from`.
    """
    contents, lacking = {}, {}
    for name in FILES:
        try:
            content = (folder / name).read_bytes()
            _check(name, content)
            contents[name] = content
        except OSError as error:
            lacking[name] = {folder: error.strerror}
        except ValueError as error:
            lacking[name] = {folder: error}
    if lacking and (wait := asks_from - time.monotonic()) > 0:
        name, causes = next(iter(lacking.items()))
        causes["mirrors"] = (
            f"of no use a while ago; they are asked again in {wait:.0f} s, in "
            "a new process, or at once with D2LMINI_STANDIN=never"
        )
        raise OSError(_explain(name, causes))
    lost = dict.fromkeys(MIRRORS, 0.0)
    fetched = ((n, _fetch(n, causes, lost)) for n, causes in lacking.items())
    contents |= _keep(folder, fetched)
    return {name: _read_idx(contents[name]) for name in FILES}


def _read_drawn(path, date):
    """Return the array of a file that was written with this date."""
    content = path.read_bytes()
    if int.from_bytes(content[4:8], "little") != date:
        raise ValueError("drawn by other code, of another release")
    return _read_idx(content)


def _load_standin(folder):
    """Return the four stand-in arrays by file name, drawing what lacks.

    The date in the head of a gzip file stands for the code that drew it, so
    that what another release has drawn is not taken for ours.
    """
    from . import standin

    arrays, drawn = {}, {}
    date = zlib.crc32(Path(standin.__file__).read_bytes())
    for seed, part in enumerate(("train", "t10k"), 1):
        names = [name for name in FILES if name.startswith(part)]
        try:
            pair = [_read_drawn(folder / name, date) for name in names]
        except (OSError, EOFError, IndexError, ValueError, zlib.error):
            pair = standin.draw(60_000 if part == "train" else 10_000, seed)
            contents = [_to_idx(array, date) for array in pair]
            drawn |= zip(names, contents, strict=True)
        arrays |= zip(names, pair, strict=True)
    _keep(folder, drawn.items())
    return arrays


def load_images(root):
    """Return the four arrays by file name, and whether they are a stand-in's.

    Images are uint8 of shape (n, 28, 28), labels uint8 of shape (n,).
    """
    wish = os.environ.get("D2LMINI_STANDIN", "auto")
    if wish not in ("auto", "never", "always"):
        raise ValueError(f"D2LMINI_STANDIN={wish!r}: auto, never or always?")
    _sweep(root)
    if wish != "always":
        start = time.monotonic()
        asks_from = load_images.asks_from if wish == "auto" else 0
        try:
            folder = root / "FashionMNIST" / "raw"
            return _load_published(folder, asks_from), False
        except OSError as error:
            if wish == "never":
                raise
            if time.monotonic() - start > WINDOW:
                load_images.asks_from = time.monotonic() + REST
            warnings.warn(f"{STANDIN_NOTE}\n{error}", stacklevel=3)
    return _load_standin(root / "FashionMNIST-standin" / "raw"), True


load_images.asks_from = 0  # put off after a long wait in vain
