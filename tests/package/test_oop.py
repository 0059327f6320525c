"""`add_to_class` and `HyperParameters` (section 3.2)."""

import numpy as np
import pytest

import d2lmini as d2l


class Base(d2l.HyperParameters):
    def __init__(self, a, b=2):
        self.save_hyperparameters()


def test_add_to_class_serves_objects_that_exist_already():
    thing = Base(1)

    @d2l.add_to_class(Base)
    def double(self):
        return 2 * self.a

    assert thing.double() == 2
    # The name in the notebook is the function, not None.
    assert double(thing) == 2


def test_a_property_can_arrive_later():
    @d2l.add_to_class(Base)
    @property
    def triple(self):
        return 3 * self.a

    assert Base(2).triple == 6


@pytest.mark.parametrize("wrong", [Base(1), "Base", None])
def test_add_to_class_needs_a_class(wrong):
    with pytest.raises(ValueError, match="takes a class, not .*parentheses"):
        d2l.add_to_class(wrong)


def test_add_to_class_needs_a_name():
    with pytest.raises(ValueError, match="a function that has a name, not 3"):
        d2l.add_to_class(Base)(3)


def test_arguments_become_attributes_and_hparams():
    thing = Base(1)
    assert (thing.a, thing.b) == (1, 2)
    assert thing.hparams == {"a": 1, "b": 2}


def test_other_local_variables_are_not_saved():
    class WithLocal(d2l.HyperParameters):
        def __init__(self, a):
            stray = 5
            self.save_hyperparameters()
            self.total = a + stray

    thing = WithLocal(1)
    assert thing.hparams == {"a": 1}
    assert not hasattr(thing, "stray")


def test_hparams_of_the_parent_stay():
    class Child(Base):
        def __init__(self, c):
            super().__init__(a=1)
            self.save_hyperparameters()

    assert Child(3).hparams == {"a": 1, "b": 2, "c": 3}


def test_child_wins_over_parent_of_the_same_name():
    class Child(Base):
        def __init__(self, b):
            super().__init__(a=1)
            self.save_hyperparameters()

    assert Child(9).hparams == {"a": 1, "b": 9}
    assert Child(9).b == 9


def test_ignored_and_private_arguments_are_not_saved():
    class Picky(d2l.HyperParameters):
        def __init__(self, a, b, _c):
            self.save_hyperparameters(ignore=["b"])

    thing = Picky(1, 2, 3)
    assert thing.hparams == {"a": 1}
    assert not hasattr(thing, "b") and not hasattr(thing, "_c")


@pytest.mark.parametrize("ignore", [None, [], (), set()], ids=str)
def test_nothing_need_be_ignored(ignore):
    class Plain(d2l.HyperParameters):
        def __init__(self, n):
            self.save_hyperparameters(ignore)

    assert Plain(1).hparams == {"n": 1}


@pytest.mark.parametrize(
    "ignore", [("net",), {"net"}, np.array(["net"])], ids=str
)
def test_names_to_ignore_may_come_in_many_forms(ignore):
    class Picky(d2l.HyperParameters):
        def __init__(self, n, net):
            self.save_hyperparameters(ignore=ignore)

    assert Picky(1, 2).hparams == {"n": 1}


def test_one_name_can_be_ignored():
    class Picky(d2l.HyperParameters):
        def __init__(self, n, net):
            self.save_hyperparameters(ignore="net")

    assert Picky(1, 2).hparams == {"n": 1}


def test_keyword_and_variadic_arguments_are_saved():
    class Free(d2l.HyperParameters):
        def __init__(self, *sizes, lr, **options):
            self.save_hyperparameters()

    thing = Free(4, 5, lr=0.1, momentum=0.9)
    assert thing.hparams == {"sizes": (4, 5), "lr": 0.1, "momentum": 0.9}
    assert thing.momentum == 0.9


def test_an_argument_cannot_hide_a_method():
    class Model(d2l.Module):
        def __init__(self, train):
            super().__init__()
            self.save_hyperparameters()

    with pytest.raises(ValueError, match="'train' would hide .*Model.train"):
        Model(train=True)
