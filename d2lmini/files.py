"""Where the images of 4.2 come from: a cache, a mirror, or the stand-in.

No section teaches this module. A file of the cache is either the published
one, bit for bit, or it is fetched again.
"""

import gzip
import hashlib
import io
import os
import sys
import tempfile
import time
import urllib.request
import warnings
from http.client import HTTPException
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
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
STANDIN_NOTE = (
    "Fashion-MNIST could be neither found nor fetched. This is a stand-in "
    "that d2lmini drew: pictures of the same ten classes, other results."
)


def cache_folder():
    """Return the folder of all data sets: $D2LMINI_DATA, or a user cache."""
    if "D2LMINI_DATA" in os.environ:
        return Path(os.environ["D2LMINI_DATA"]).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(base).expanduser() / "d2lmini"


def _check(name, content):
    """Raise ValueError unless `content` is the published file, bit for bit."""
    length, sha256 = FILES[name]
    if len(content) != length:
        raise ValueError(f"{name} has {len(content)} bytes, not {length}")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{name} has the right length, but other content")


def _write(path, content):
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _keep(path, content):
    """Write a file for the next time; go on without it if that fails."""
    try:
        _write(path, content)
    except OSError as error:
        warnings.warn(f"{path} could not be kept: {error}", stacklevel=6)


def _download(url, length):
    """Return what is at `url`; give up below 10 kB/s or after 10 s silence."""
    start, content = time.monotonic(), bytearray()
    with urllib.request.urlopen(url, timeout=10) as response:
        while chunk := response.read1(1 << 16):
            content += chunk
            seconds = time.monotonic() - start
            if seconds > 10 and len(content) < 10_000 * seconds:
                raise TimeoutError(f"{len(content)} bytes in {seconds:.0f} s")
            if len(content) > length:
                break
    return bytes(content)


def _fetch(name):
    """Return the published file `name` from the first mirror that has it."""
    failures = []
    for mirror in MIRRORS:
        try:
            content = _download(mirror + name, FILES[name][0])
            _check(name, content)
            return content
        except (OSError, ValueError, HTTPException) as error:
            failures.append(f"  {mirror}: {error}")
    raise OSError(f"could not fetch {name}\n" + "\n".join(failures))


def _read_idx(content):
    """Turn the bytes of a gzipped IDX file into an array of uint8."""
    with gzip.open(io.BytesIO(content)) as file:
        num_dims = file.read(4)[3]
        shape = np.frombuffer(file.read(4 * num_dims), ">u4").tolist()
        values = np.empty(shape, np.uint8)
        file.readinto(values.data)
    return values


def _load_published(folder):
    """Return the four published arrays by file name, fetching what lacks."""
    contents = {}
    for name in FILES:
        path = folder / name
        content = path.read_bytes() if path.is_file() else None
        try:
            _check(name, content or b"")
        except ValueError:
            content = _fetch(name)
            _keep(path, content)
        contents[name] = content
    return {name: _read_idx(content) for name, content in contents.items()}


def _load_standin(folder):
    """Return the four stand-in arrays by file name, drawing them once."""
    from .standin import draw

    contents = {}
    for seed, part in enumerate(("train", "t10k"), 1):
        names = [name for name in FILES if name.startswith(part)]
        if all((folder / name).is_file() for name in names):
            contents |= {name: (folder / name).read_bytes() for name in names}
            continue
        arrays = draw(60_000 if part == "train" else 10_000, seed)
        for name, array in zip(names, arrays, strict=True):
            header = bytes([0, 0, 8, array.ndim])
            header += np.array(array.shape, ">u4").tobytes()
            contents[name] = gzip.compress(header + array.tobytes(), 1, mtime=0)
            _keep(folder / name, contents[name])
    return {name: _read_idx(content) for name, content in contents.items()}


def load_images(root):
    """Return the four arrays by file name, and whether they are a stand-in's.

    Images are uint8 of shape (n, 28, 28), labels uint8 of shape (n,).
    """
    wish = os.environ.get("D2LMINI_STANDIN", "auto")
    if wish not in ("auto", "never", "always"):
        raise ValueError(f"D2LMINI_STANDIN={wish!r}: auto, never or always?")
    if wish != "always":
        try:
            return _load_published(root / "FashionMNIST" / "raw"), False
        except OSError as error:
            if wish == "never":
                raise
            warnings.warn(f"{STANDIN_NOTE}\n{error}", stacklevel=4)
    return _load_standin(root / "FashionMNIST-standin" / "raw"), True
