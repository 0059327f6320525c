"""Single files that programs written for D2L ask for."""

import os
import re
import warnings
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from .files import (
    WEB_PAGE,
    cache_folder,
    check,
    is_web_page,
    read,
    receive,
    why,
    write,
)

# Where D2L keeps its files, and the names by which programs may ask for them.
DATA_URL = "https://d2l-data.s3-accelerate.amazonaws.com/"
DATA_HUB = {}
LONGEST = 1 << 32  # bytes; what is longer, or has no end, is not received


def download(url, folder=None, sha1_hash=None):
    """Fetch a file into `folder` and return its path, a str.

    `url` is an address, or a name in `DATA_HUB`, a dict of pairs (address,
    SHA-1). `folder` is `cache_folder()` by default. A file that is there and
    has the SHA-1 `sha1_hash` is not fetched again. One of which no SHA-1 is
    given is fetched anew, as far as that can be. Raises OSError where the file
    cannot be had or written, or is not the one that was asked for.
    """
    if url in DATA_HUB:
        url, sha1_hash = DATA_HUB[url]
    name = urlsplit(str(url)).path.rpartition("/")[2]
    is_address = re.match("https?://", str(url), re.I)
    if not is_address or name in ("", "..") or Path(name).name != name:
        raise ValueError(
            f"{url!r} is neither an address, http:// or https://, that ends in "
            "the name of a file nor a name in DATA_HUB."
        )
    folder = cache_folder() if folder is None else Path(folder).expanduser()
    path = folder / name
    if sha1_hash:
        with suppress(OSError, ValueError):
            check(read(path, LONGEST), "sha1", sha1_hash)
            return str(path)
    try:
        write(path, _fetch(url, name, sha1_hash))
    except (OSError, ValueError) as error:
        if sha1_hash or not os.path.isfile(path):
            raise OSError(
                f"{url} could not be fetched into {folder}: {why(error)}. Is "
                "there a network, and may you write there? You can put the "
                f"file there by hand, as {path}."
            ) from error
        warnings.warn(
            f"{url} could not be fetched into {folder}: {why(error)}. {path} "
            "is used as it is, unchecked.",
            stacklevel=2,
        )
    return str(path)


def _fetch(url, name, sha1_hash):
    """Return what is at an address, if it may be what was asked for."""
    # With codes for blanks and Hangul, and without what follows a #.
    sent = quote(url.partition("#")[0], "/%:=&?~+!$,;'@()*[]")
    content, headers = receive(sent, LONGEST)
    packed = headers.get("Content-Encoding", "identity")
    is_page = headers.get_content_type() == "text/html" or is_web_page(content)
    if sha1_hash:
        check(content, "sha1", sha1_hash)
    elif is_page and not name.endswith((".html", ".htm")):
        raise ValueError(WEB_PAGE)
    elif packed != "identity" and not name.endswith("gz"):
        raise ValueError(f"it came encoded ({packed}), unasked")
    return content
