"""Where the images of 4.2 come from: a cache, a mirror, or the stand-in.

A file of the cache is either the published
one, bit for bit, or it is fetched again.
"""

import gzip
import hashlib
import os
import secrets
import stat
import sys
import threading
import time
import urllib.request
import warnings
import zlib
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

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
# given up. PATIENCE is what failures may cost, all files and mirrors together:
# however bad the network, an answer comes within PATIENCE + WINDOW seconds and
# a PAUSE a file, on top of the time in which a download made progress.
WINDOW, FLOOR, PATIENCE, PAUSE = 10, 10_000, 30, 2
# For so many seconds a process that has waited in vain, longer than a WINDOW,
# makes do with the stand-in at once.
REST = 300
_asks_from = 0.0  # no mirror is asked before; put off after a wait in vain
# How the name of a file ends that is being written; nobody else calls one so.
PART = ".d2lmini.part"
LONGEST_DRAWN = 60_000 * 28 * 28  # bytes; compressed, the images are shorter
LONGEST = 1 << 32  # bytes; what is longer, or has no end, is not received
STANDIN_NOTE = (
    "Fashion-MNIST could be neither found nor fetched. This is a stand-in "
    "that d2lmini drew: pictures of the same ten classes, other results."
)
WEB_PAGE = "a web page (of a network that asks for a log-in?)"

# Where D2L keeps its files, and the names by which programs may ask for them.
DATA_URL = "https://d2l-data.s3-accelerate.amazonaws.com/"
DATA_HUB = {}


def cache_folder():
    """Return the folder of all data sets: $D2LMINI_DATA, or a user cache.

    A variable that is empty counts as unset, and so does $XDG_CACHE_HOME with a
    relative path, as the XDG Base Directory Specification demands. A relative
    $D2LMINI_DATA is made absolute, for this process and those that it starts.
    Raises RuntimeError where the path needs a home folder that nobody knows.
    """
    given = os.environ.get("D2LMINI_DATA")
    try:
        if given:
            folder = Path(given).expanduser().absolute()
            os.environ["D2LMINI_DATA"] = str(folder)
            return folder
        if sys.platform == "win32":
            variable, usual = "LOCALAPPDATA", "~/AppData/Local"
        elif sys.platform == "darwin":
            variable, usual = "", "~/Library/Caches"
        else:
            variable, usual = "XDG_CACHE_HOME", "~/.cache"
        base = Path(os.environ.get(variable, "")).expanduser()
        if not base.is_absolute():
            base = Path(usual).expanduser().absolute()
    except RuntimeError as error:
        where = f"D2LMINI_DATA={given}" if given else "the cache"
        raise RuntimeError(
            f"The home folder that {where} lies in is not known. Let "
            "D2LMINI_DATA name a folder for the data, or give `root`."
        ) from error
    return base / "d2lmini"


def _is_web_page(content):
    """Tell whether bytes look like HTML, which a portal sends for anything."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") and b"<html" in start


def _why(error):
    """Return the words of an error, of one of the system without the path."""
    return getattr(error, "strerror", None) or str(error)


def _check(name, content):
    """Raise ValueError unless `content` is the published file, bit for bit."""
    length, sha256 = FILES[name]
    if _is_web_page(content):
        raise ValueError(WEB_PAGE)
    if len(content) != length:
        raise ValueError(f"{len(content):,} bytes, not {length:,}")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("the right length, but the wrong SHA-256")


def _read(path, longest):
    """Return the bytes of a file; refuse what is too long, or has no end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("not a regular file")
    if status.st_size > longest:
        raise ValueError(f"{status.st_size:,} bytes, not {longest:,}")
    return path.read_bytes()


def _write(path, content):
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # What `tempfile` makes, other users of a shared cache could not read.
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
        os.replace(temporary, path)
    except PermissionError:
        # Windows replaces no file that another process reads. If it is the
        # right one, that process was faster.
        if not path.is_file() or _read(path, len(content)) != content:
            raise
    finally:
        temporary.unlink(missing_ok=True)


def _keep(path, content, failures):
    """Write a file for the next time; note by name why that cannot be."""
    try:
        _write(path, content)
    except (OSError, ValueError) as error:
        failures[path.name] = _why(error)


def _warn_of(failures, folder):
    """Warn of files that could not be kept."""
    if failures:
        warnings.warn(
            f"{folder} could not keep {', '.join(failures)}: "
            f"{', '.join(set(failures.values()))}. The next run starts anew, "
            "unless D2LMINI_DATA names a folder with 31 MB to write.",
            stacklevel=5,
        )


def _sweep(folder):
    """Remove what a process wrote that was killed an hour or more ago."""
    with suppress(OSError, ValueError):
        for path in folder.glob(f"*{PART}"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > 3600:
                    path.unlink()


def _in_a_line(error):
    """Return what an error says, which may be the words of any server."""
    words = " ".join(str(error)[:1000].split()) or repr(error)
    words = "".join(c if c.isprintable() else "?" for c in words)
    return words if len(words) <= 200 else words[:197] + "..."


class _Transfer(threading.Thread):
    """Receives what is at an address, in a thread that can be left behind.

    Name resolution has no time limit, and that of urlopen starts again with
    every byte and address. `length` is how many bytes are wanted, or what the
    server says.
    """

    def __init__(self, url, length=None):
        super().__init__(daemon=True)
        self.url, self.length, self.asked = url, length, length
        self.content, self.headers = bytearray(), {}
        self.failure, self.given_up = None, False

    def run(self):
        try:
            self._receive()
        except Exception as error:  # whose traceback would hold a socket open
            self.failure = _in_a_line(error)

    def _receive(self):
        with urllib.request.urlopen(self.url, timeout=2 * WINDOW) as response:
            if response.status != 200:  # a part of the file, or nothing
                raise OSError(f"HTTP status {response.status}, not 200")
            self.headers = response.headers
            if self.asked is None:
                self.length = response.length
            while not self.given_up:
                if self.length is not None and len(self.content) >= self.length:
                    return
                if len(self.content) > LONGEST:
                    raise OSError(f"more than {LONGEST:,} bytes")
                chunk = response.read1(1 << 16)
                if not chunk:
                    break
                self.content += chunk
        if self.asked is None and len(self.content) < (self.length or 0):
            raise OSError(f"{len(self.content):,} of {self.length:,} bytes")


def _download(url, length=None):
    """Return what is at `url`, and the headers that came with it.

    Every tenth of it is printed as it arrives.
    """
    transfer = _Transfer(url, length)
    transfer.start()
    start, before, tenth = time.monotonic(), 0, 1
    try:
        while True:
            transfer.join(0.1)
            done = not transfer.is_alive()
            received, length = len(transfer.content), transfer.length
            while length and tenth <= 10 and 10 * received >= tenth * length:
                print(f" {10 * tenth}%", end="", flush=True)
                tenth += 1
            if done:
                break
            if time.monotonic() - start > WINDOW:
                if received - before < FLOOR * WINDOW:
                    raise TimeoutError(
                        f"{received - before:,} bytes in {WINDOW} s"
                    )
                start, before = time.monotonic(), received
    finally:
        transfer.given_up = True
    if transfer.failure:
        raise OSError(transfer.failure)
    return bytes(transfer.content), transfer.headers


def _has_sha1(path, sha1_hash):
    """Tell whether a regular file with this SHA-1 is there, and readable."""
    sha1 = hashlib.sha1(usedforsecurity=False)
    with suppress(OSError, ValueError):
        if sha1_hash and os.path.isfile(path):
            with open(path, "rb") as file:
                while chunk := file.read(1 << 20):
                    sha1.update(chunk)
            return sha1.hexdigest() == sha1_hash.lower()
    return False


def _name_of(url):
    """Return the name under which what is at an address is kept."""
    name = urlsplit(url).path.rsplit("/")[-1]
    if name in ("", "..") or Path(name).name != name:
        raise ValueError(f"{url!r} does not end in the name of a file.")
    return name


def _quoted(url):
    """Return an address as it is sent, with codes for blanks and Hangul."""
    parts = urlsplit(url)
    path, query = (quote(part, "/%:=&?~+!$,;'@()*[]") for part in parts[2:4])
    return parts._replace(path=path, query=query, fragment="").geturl()


def _fetch_other(url, name, sha1_hash):
    """Return what is at an address, if it may be what was asked for."""
    print(f"Fetching {name} from {urlsplit(url).netloc}", end="", flush=True)
    try:
        content, headers = _download(_quoted(url))
    finally:
        print()
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if sha1 == (sha1_hash or "").lower():
        return content
    page = headers.get_content_type() == "text/html" or _is_web_page(content)
    if page and not name.endswith((".html", ".htm")):
        raise OSError(f"what came is {WEB_PAGE}")
    if sha1_hash:
        raise OSError(f"what came has the SHA-1 {sha1}, not {sha1_hash}")
    packed = headers.get("Content-Encoding", "identity")
    if packed != "identity" and not name.endswith("gz"):
        raise OSError(f"what came is encoded ({packed}), unasked")
    return content


def download(url, folder=None, sha1_hash=None):
    """Fetch a file into `folder` and return its path, a str.

    `url` is an address, or a name in `DATA_HUB`, a dict of pairs (address,
    SHA-1). `folder` is `cache_folder()` by default. A file that is there and
    has the SHA-1 `sha1_hash` is not fetched again. One of which no SHA-1 is
    given is fetched anew, as far as there is a network. Raises OSError where
    the file cannot be had, or is not the one that was asked for.
    """
    if url in DATA_HUB:
        url, sha1_hash = DATA_HUB[url]
    if not str(url).lower().startswith(("http://", "https://")):
        raise ValueError(
            f"{url!r} is neither an address that begins with http:// or "
            "https:// nor a name in DATA_HUB."
        )
    name = _name_of(url)
    folder = cache_folder() if folder is None else Path(folder).expanduser()
    path = folder / name
    if _has_sha1(path, sha1_hash):
        return str(path)
    _sweep(folder)
    try:
        content = _fetch_other(url, name, sha1_hash)
    except OSError as error:
        if os.path.isfile(path) and not sha1_hash:
            warnings.warn(
                f"{url} could not be fetched: {error}. {path} is used as it "
                "is, unchecked.",
                stacklevel=2,
            )
            return str(path)
        raise OSError(
            f"{url} could not be fetched: {error}. Is there a network? You "
            f"can put the file there by hand, as {path}."
        ) from error
    try:
        _write(path, content)
    except (OSError, ValueError) as error:
        raise OSError(
            f"{path} could not be written: {_why(error)}. Name a folder to "
            "which you may write, with enough room."
        ) from error
    return str(path)


def probe_mirrors():
    """Ask each mirror how long each file is; raise OSError if it is not so.

    Nothing of the files is read. Meant for a weekly run.
    """
    complaints = []
    for mirror in MIRRORS:
        for name, (length, _) in FILES.items():
            try:
                with urllib.request.urlopen(mirror + name, timeout=60) as found:
                    if found.length == length:
                        continue
                    why = f"{found.length} bytes, not {length}"
            except (OSError, HTTPException) as error:
                why = _in_a_line(error)
            complaints.append(f"{mirror}{name}: {why}")
    if complaints:
        raise OSError("\n".join(["Mirrors have failed:", *complaints]))


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
                content, _ = _download(mirror + name, FILES[name][0])
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
    for name, (length, _) in FILES.items():
        try:
            content = _read(folder / name, length)
            _check(name, content)
            contents[name] = content
        except (OSError, ValueError) as error:
            lacking[name] = {folder: _why(error)}
    if lacking and (wait := asks_from - time.monotonic()) > 0:
        name, causes = next(iter(lacking.items()))
        causes["mirrors"] = (
            f"of no use a while ago; they are asked again in {wait:.0f} s, in "
            "a new process, or at once with D2LMINI_STANDIN=never"
        )
        raise OSError(_explain(name, causes))
    lost, failures = dict.fromkeys(MIRRORS, 0.0), {}
    for name, causes in lacking.items():
        contents[name] = _fetch(name, causes, lost)
        _keep(folder / name, contents[name], failures)
    _warn_of(failures, folder)
    return {name: _read_idx(contents[name]) for name in FILES}


def _read_drawn(path, date):
    """Return the array of a file that was written with this date."""
    content = _read(path, LONGEST_DRAWN)
    if int.from_bytes(content[4:8], "little") != date:
        raise ValueError("drawn by other code, of another release")
    return _read_idx(content)


def _load_standin(folder):
    """Return the four stand-in arrays by file name, drawing what lacks.

    The date in the head of a gzip file stands for the code that drew it, so
    that what another release has drawn is not taken for ours.
    """
    from . import standin

    arrays, failures = {}, {}
    date = zlib.crc32(Path(standin.__file__).read_bytes())
    for seed, part in enumerate(("train", "t10k"), 1):
        names = [name for name in FILES if name.startswith(part)]
        try:
            pair = [_read_drawn(folder / name, date) for name in names]
        except (OSError, EOFError, IndexError, ValueError, zlib.error):
            pair = standin.draw(60_000 if part == "train" else 10_000, seed)
            for name, array in zip(names, pair, strict=True):
                _keep(folder / name, _to_idx(array, date), failures)
        arrays |= zip(names, pair, strict=True)
    _warn_of(failures, folder)
    return arrays


class Images(NamedTuple):
    """Images, uint8 of shape (n, 28, 28), with labels, uint8 of shape (n,)."""

    train_images: np.ndarray
    train_labels: np.ndarray
    val_images: np.ndarray
    val_labels: np.ndarray
    is_standin: bool


def load_images(root):
    """Return the `Images` in a folder, fetched or drawn where they lack."""
    global _asks_from
    wish = os.environ.get("D2LMINI_STANDIN") or "auto"
    if wish not in ("auto", "never", "always"):
        raise ValueError(
            f"D2LMINI_STANDIN must be auto, never or always, not {wish!r}."
        )
    published = Path(root) / "FashionMNIST" / "raw"
    drawn = Path(root) / "FashionMNIST-standin" / "raw"
    _sweep(published)
    _sweep(drawn)
    if wish != "always":
        start = time.monotonic()
        try:
            asks_from = _asks_from if wish == "auto" else 0
            arrays = _load_published(published, asks_from)
            return Images(*arrays.values(), is_standin=False)
        except OSError as error:
            if wish == "never":
                raise
            if time.monotonic() - start > WINDOW:
                _asks_from = time.monotonic() + REST
            warnings.warn(f"{STANDIN_NOTE}\n{error}", stacklevel=3)
    return Images(*_load_standin(drawn).values(), is_standin=True)
