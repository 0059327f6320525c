"""Names lead where they are described, once a page, and nowhere else."""

import api

GOALS = """
d2l.Trainer d2lmini.Trainer
Trainer(max_epochs=3) d2lmini.Trainer
FashionMNIST.train_dataloader d2lmini.DataModule.train_dataloader
torch.inference_mode() torch.autograd.grad_mode.inference_mode
nn.Parameter torch.nn.parameter.Parameter
F.relu torch.nn.functional.relu
Tensor.reshape torch.Tensor.reshape
np.linalg.norm numpy.linalg.norm
pd.read_csv pandas.read_csv
plt.show() matplotlib.pyplot.show
"""
# Gone, or another's too, or without a page, or no name of anything.
NOWHERE = """
DataModule.gone d2l.gone d2l Module plot torch.relu torch.float32
torch.utils.data.DataLoader np.float32 plt.Rectangle torch.gone torch x.grad
torch.ones(2).item()
"""


def last(goal):
    """Return what a place is called, where it is a page of another site."""
    return goal.rpartition("/")[2].removesuffix(".html")


def test_a_piece_of_code_leads_to_its_description():
    pairs = dict(line.split() for line in GOALS.strip().splitlines())
    assert {code: last(api.goal(code)) for code in pairs} == pairs
    assert not any(map(api.goal, NOWHERE.split()))


def test_first_uses_lead_to_a_reference_with_every_docstring(small):
    assert small.said == ""
    links = small.pages["names"].select("a:has(> code.api), a.api")
    assert [(a.get_text(), last(a["href"])) for a in links] == [
        ("plot", "api.html#d2lmini.plot"),
        ("d2l.Trainer", "api.html#d2lmini.Trainer"),
        ("nn.Linear", "torch.nn.Linear"),
    ]
    page = small.pages["api"]
    for name, thing in api.PUBLIC.items():
        entry = page.find(id=f"d2lmini.{name}").find_next_sibling("dd")
        words = thing.__doc__.replace("`", "").replace("'", "’").split()[:6]
        assert entry.get_text().split()[:6] == words
    assert page("cite") == []  # what single backticks are to reStructuredText


def test_an_entry_names_the_page_that_teaches_it():
    words, page = api.teacher("show_images")
    assert (words, page.number) == ("Taught in", "4.2")
    assert api.teacher("plot")[0] == "First used in"  # 3.2 has a method `plot`
