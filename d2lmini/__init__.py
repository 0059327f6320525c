"""D2L Mini: the helper package of the book, small enough to read."""

from .data import (
    PENGUINS,
    FashionMNIST,
    Penguins,
    SyntheticRegressionData,
    import_torchvision,
)
from .models import (
    SGD,
    Classifier,
    LinearRegression,
    LinearRegressionScratch,
    SoftmaxRegression,
    WeightDecay,
    WeightDecayScratch,
    cross_entropy,
)
from .oop import HyperParameters, add_to_class
from .plotting import (
    ProgressBoard,
    plot,
    set_axes,
    set_figsize,
    set_style,
    show_heatmaps,
    show_images,
    use_svg_display,
)
from .support import names
from .support.devices import cpu, gpu, num_gpus, try_gpu
from .support.files import cache_folder
from .support.hub import DATA_HUB, DATA_URL, download
from .support.living import living, pack
from .support.records import History
from .training import (
    DataModule,
    Module,
    TensorLoader,
    Trainer,
)

__version__ = "1.0.0"
# An `import *` brings no module, such as `data`, over a name of the reader's.
__all__ = [
    name
    for name, value in [*globals().items()]
    if name[0] != "_" and not isinstance(value, type(names))
]


def __getattr__(name):
    return names.find(name)


def __dir__():
    return [*globals(), "plt"]
