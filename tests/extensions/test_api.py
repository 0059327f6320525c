"""Names lead where they are described, once a page, and nowhere else."""

from io import StringIO

import api
import section
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."
NUMPY = "https://numpy.org/doc/stable/reference/generated/numpy."
PANDAS = "https://pandas.pydata.org/docs/reference/api/pandas."
PLOTS = "https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot."
GOALS = f"""
d2l.Trainer d2lmini.Trainer
Trainer(max_epochs=3) d2lmini.Trainer
FashionMNIST.train_dataloader d2lmini.DataModule.train_dataloader
torch.inference_mode() {TORCH}autograd.grad_mode.inference_mode.html
nn.Parameter {TORCH}nn.parameter.Parameter.html
F.relu {TORCH}nn.functional.relu.html
Tensor.reshape {TORCH}Tensor.reshape.html
np.linalg.norm {NUMPY}linalg.norm.html
pd.read_csv {PANDAS}read_csv.html
plt.show() {PLOTS}show.html
"""
# Gone, or another's too, or without a page, or no name of anything.
NOWHERE = """
DataModule.gone d2l.gone d2l Module plot torch.relu torch.float32
torch.utils.data.DataLoader np.float32 plt.Rectangle torch.gone torch x.grad
torch.ones(2).item()
"""


def test_a_piece_of_code_leads_to_its_description():
    pairs = [line.split() for line in GOALS.strip().splitlines()]
    assert [api.goal(code) for code, _ in pairs] == [goal for _, goal in pairs]
    assert not any(map(api.goal, NOWHERE.split()))


INDEX = """# `nn.Linear` in a title

```python
d2l.plot(x)
d2l.plot(d2l.Trainer)
```

A `d2l.Trainer`, a `Trainer` and `nn.Linear`, [a link to `nn.ReLU`](api.md).

And `nn.Linear(2, 1)`, `d2l.Trainer`.

```{toctree}
api
```
"""


def test_first_uses_lead_to_a_reference_with_every_docstring(
    tmp_path, monkeypatch
):
    text = (section.ROOT / "api.md").read_text("utf-8")
    (tmp_path / "api.md").write_text(text, "utf-8")
    (tmp_path / "index.md").write_text(INDEX, "utf-8")
    monkeypatch.setattr(section, "everything", list)
    settings = {"extensions": ["myst_parser", "api"], "nitpicky": True}
    places = tmp_path, None, tmp_path / "out", tmp_path / "trees"
    said = StringIO()
    Sphinx(*places, "html", settings, None, said).build()
    assert said.getvalue() == ""
    index, page = (
        BeautifulSoup(
            (tmp_path / f"out/{name}.html").read_text("utf-8"), "html.parser"
        )
        for name in ("index", "api")
    )
    links = index.select("a:has(> code.api), a.api")
    assert [(a.get_text(), a["href"]) for a in links] == [
        ("plot", "api.html#d2lmini.plot"),
        ("d2l.Trainer", "api.html#d2lmini.Trainer"),
        ("nn.Linear", f"{TORCH}nn.Linear.html"),
    ]
    for name, thing in api.PUBLIC.items():
        entry = page.find(id=f"d2lmini.{name}").find_next_sibling("dd")
        words = thing.__doc__.replace("`", "").replace("'", "’").split()[:6]
        assert entry.get_text().split()[:6] == words
    assert page("cite") == []  # what single backticks are to reStructuredText


def test_an_entry_names_the_page_that_teaches_it():
    words, page = api.teacher("show_images")
    assert (words, page.number) == ("Taught in", "4.2")
    assert api.teacher("plot")[0] == "First used in"  # 3.2 has a method `plot`
    lines = ["A `name`, ``two``."]
    api.finish(None, "class", "d2lmini.Trainer", None, None, lines)
    assert lines[0] == "A ``name``, ``two``."
    assert lines[-1].startswith("Taught in :doc:`/chapters/03-linear-regr")
