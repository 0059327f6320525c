"""A small book with the reference, the glossary, and hostile titles."""

from io import StringIO
from shutil import copy
from types import SimpleNamespace

import book
import layout
import pytest
import repository
import section
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

HOSTILE = """"></title><script>alert("T")</script> & <b>x</b>"""
CODE = f"`{HOSTILE}`"
PAGE = f"# {CODE}\n\nHow {CODE} you make a page.\n\n## Part {CODE}\n\nText.\n"
INDEX = f"{PAGE}\n```{{toctree}}\na\nnames\napi\nglossary\n```\n"
NAMES = """# `nn.Linear` in a title

```python
d2l.plot(x)
d2l.plot(d2l.Trainer)
```

A `d2l.Trainer`, a `Trainer` and `nn.Linear`, [a link to `nn.ReLU`](api.md).

And `nn.Linear(2, 1)`, `d2l.Trainer`, and Simpson's paradox.

```{cite}
@book{another}
```
"""
SETTINGS = {
    "autodoc_default_options": {"members": True},
    "extensions": ["myst_parser", "book"],
    "html_additional_pages": {"404": "404.html", "search": "search.html"},
    "html_js_files": ["book.js", "reading.js"],
    "html_theme": "theme",
    "html_use_index": False,
    "html_theme_path": [str(section.ROOT)],
    "myst_enable_extensions": ["dollarmath"],
    "nitpicky": True,
    "project": HOSTILE,
}


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Build it as if it had a repository; return what came of it."""
    home, said = tmp_path_factory.mktemp("book"), StringIO()
    for name, text in {"index": INDEX, "a": PAGE, "names": NAMES}.items():
        (home / f"{name}.md").write_text(text, "utf-8")
    for name in ("api.md", "glossary.md"):
        copy(section.ROOT / name, home)
    places = home, None, home / "out", home / "trees"
    with pytest.MonkeyPatch.context() as patch:
        site = "https://github.com/someone/book", "main"
        patch.setattr(repository, "site", lambda: site)
        patch.setattr(section, "everything", list)
        patch.setattr(book, "SITE", [layout.finish])
        Sphinx(*places, "html", SETTINGS, None, said).build()
    pages = {
        path.stem: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in (home / "out").glob("*.html")
    }
    links = (home / "out" / "sitemap.txt").read_text("utf-8").split()
    facts = {"title": HOSTILE, "pages": pages, "links": links}
    return SimpleNamespace(said=said.getvalue(), **facts)
