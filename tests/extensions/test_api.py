"""Names lead where they are described, once a page, and nowhere else."""

from io import StringIO

import api
import pytest
import section
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."
LONG = "autograd.grad_mode.inference_mode.html"
GOALS = {
    # ours
    "d2l.Trainer": "d2lmini.Trainer",
    "Trainer(max_epochs=3)": "d2lmini.Trainer",
    "add_to_class(A)": "d2lmini.add_to_class",
    "d2l.Classifier.loss": "d2lmini.Classifier.loss",
    "FashionMNIST.train_dataloader": "d2lmini.DataModule.train_dataloader",
    "DataModule.gone": None,
    "d2l.gone": None,
    "d2l": None,
    "Module": None,  # or PyTorch's?
    "plot": None,  # or a method?
    # theirs
    "torch.softmax": f"{TORCH}softmax.html",
    "torch.inference_mode()": f"{TORCH}{LONG}",
    "nn.Parameter": f"{TORCH}nn.parameter.Parameter.html",
    "F.relu": f"{TORCH}nn.functional.relu.html",
    "Tensor.reshape": f"{TORCH}Tensor.reshape.html",
    "np.linalg.norm": "https://numpy.org/doc/stable/reference/generated/"
    "numpy.linalg.norm.html",
    "pd.read_csv": "https://pandas.pydata.org/docs/reference/api/"
    "pandas.read_csv.html",
    "plt.show()": "https://matplotlib.org/stable/api/_as_gen/"
    "matplotlib.pyplot.show.html",
    # without a page of their own
    "torch.relu": None,
    "torch.float32": None,
    "torch.special.entr": None,
    "torch.utils.data.DataLoader": None,
    "np.float32": None,
    "plt.Rectangle": None,
    # no names of anything
    "torch.gone": None,
    "torch": None,
    "x.grad": None,
    "torch.ones(2).item()": None,
}


@pytest.mark.parametrize("written", GOALS)
def test_a_piece_of_code_leads_to_its_description(written):
    assert api.goal(written) == GOALS[written]


INDEX = """# `nn.Linear` in a title

```python
d2l.plot(x)
d2l.plot(d2l.Trainer)
@d2l.add_to_class(d2l.gone)
```

A `d2l.Trainer`, a `Trainer` and `nn.Linear`, [a link to `nn.ReLU`](api.md).

| `nn.ReLU` |
|---|
| `nn.ReLU` |

And `nn.Linear(2, 1)`, `d2l.Trainer`.

```{toctree}
api
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a small book, {page: tree}, with the whole reference."""
    home = tmp_path_factory.mktemp("book")
    page = (section.ROOT / "api.md").read_text("utf-8")
    (home / "api.md").write_text(page, "utf-8")
    (home / "index.md").write_text(INDEX, "utf-8")
    said = StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(section, "everything", list)
        settings = {"extensions": ["myst_parser", "api"], "nitpicky": True}
        places = [home, None, home / "out", home / "trees"]
        Sphinx(*places, "html", settings, None, said).build()
    assert said.getvalue() == ""
    return {
        name: BeautifulSoup(
            (home / "out" / f"{name}.html").read_text("utf-8"), "html.parser"
        )
        for name in ("index", "api")
    }


def test_the_first_use_is_linked_in_text_or_else_in_code(site):
    links = site["index"].select("a:has(> code.api), a.api")
    assert [(a.get_text(), a["href"]) for a in links] == [
        ("plot", "api.html#d2lmini.plot"),
        ("add_to_class", "api.html#d2lmini.add_to_class"),
        ("d2l.Trainer", "api.html#d2lmini.Trainer"),
        ("nn.Linear", f"{TORCH}nn.Linear.html"),
    ]
    code = site["index"].pre.get_text()
    assert code.startswith("d2l.plot(x)\nd2l.plot(d2l.Trainer)\n@d2l.add_to")


def test_every_public_name_has_an_entry_with_its_docstring(site):
    page = site["api"]
    for name, thing in api.PUBLIC.items():
        entry = page.find(id=f"d2lmini.{name}").find_next_sibling("dd")
        words = thing.__doc__.replace("`", "").replace("'", "’").split()[:6]
        assert entry.get_text().split()[:6] == words
    method = page.find(id="d2lmini.Trainer.fit")
    assert method.get_text().startswith("\nfit(model, data)")
    assert page("cite") == []  # what single backticks are to reStructuredText


def test_an_entry_names_the_page_that_teaches_it():
    found = {name: api.teacher(name) for name in api.PUBLIC}
    lessons = {n: (f[0], f[1].number) for n, f in found.items() if f}
    assert lessons["Trainer"] == ("Taught in", "3.2")
    assert lessons["show_images"] == ("Taught in", "4.2")
    assert lessons["plot"][0] == "First used in"  # 3.2 has a method `plot`
    lines = ["A `name`, ``two``."]
    api.finish(None, "class", "d2lmini.Trainer", None, None, lines)
    assert lines[0] == "A ``name``, ``two``."
    assert lines[-1].startswith("Taught in :doc:`/chapters/03-linear-regr")
