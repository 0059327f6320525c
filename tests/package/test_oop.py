"""`add_to_class` and `HyperParameters` (section 3.2)."""

import numpy as np

import d2lmini as d2l


class Base(d2l.HyperParameters):
    def __init__(self, a, b=2, *rest, _private=0, c=3, **others):
        local = a
        self.save_hyperparameters()
        self.total = local


class Child(Base):
    def __init__(self, b, n=None, net=None, ignore=()):
        super().__init__(1)
        self.save_hyperparameters(ignore)


def test_add_to_class_serves_objects_that_exist_already():
    thing = Base(1)

    @d2l.add_to_class(Base)
    def double(self):
        return 2 * self.a

    d2l.add_to_class(Base)(property(double))
    assert thing.double == double(thing) == 2


def test_arguments_of_all_kinds_become_attributes_and_no_other_variable():
    expected = {"a": 1, "b": 2, "rest": (4, 5), "c": 6, "d": 7}
    thing = Base(1, 2, 4, 5, _private=1, c=6, d=7)
    assert vars(thing) == {"hparams": expected, "total": 1} | expected
    child = Child(9).hparams  # keeps what the parent has saved
    own = {"b": 9, "n": None, "net": None, "ignore": ()}
    assert child == {"a": 1, "rest": (), "c": 3} | own


def test_names_to_ignore_may_come_in_many_forms():
    for ignore in (None, "net", ("net",), {"net"}, np.array(["net", "b"])):
        saved = Child(9, ignore=ignore).hparams
        assert ("net" in saved) == (ignore is None) and "n" in saved
