"""Where the book is published, and under which version."""

import re

import section
import yaml


def settings():
    """Return what _config.yml says about the repository and the release.

    The address is "" until the book is published.
    """
    text = (section.ROOT / "_config.yml").read_text("utf-8")
    return yaml.safe_load(text)["repository"]


def site():
    """Return the address, "" while there is none, and the branch."""
    return settings()["url"], settings()["branch"]


def version():
    """Return the version of the package, which is that of the book."""
    source = (section.ROOT / "d2lmini" / "__init__.py").read_text("utf-8")
    return re.search('__version__ = "(.*)"', source)[1]


def archive():
    """Return the name of the folder that `make zip` packs."""
    return f"d2l-mini-{version()}"


def colab(path):
    """Return the address that opens a page in Colab; "" while there is none."""
    url, branch = site()
    name = path.relative_to(section.ROOT).as_posix()
    there = "https://colab.research.google.com/github/"
    where = url.replace("https://github.com/", there, 1)
    return url and f"{where}/blob/{branch}/{name}"


def kaggle(path):
    """Return the address that opens a page in Kaggle; "" likewise."""
    url, branch = site()
    raw = url.replace("github.com", "raw.githubusercontent.com", 1)
    source = f"{raw}/{branch}/{path.relative_to(section.ROOT).as_posix()}"
    return url and f"https://kaggle.com/kernels/welcome?src={source}"
