"""D2L Mini: the helper package of the book, small enough to read."""

from .data import (
    FashionMNIST,
    SyntheticRegressionData,
    import_torchvision,
)
from .devices import cpu, gpu, num_gpus, try_gpu
from .files import cache_folder
from .models import (
    SGD,
    Classifier,
    LinearRegression,
    LinearRegressionScratch,
)
from .oop import HyperParameters, add_to_class
from .plotting import (
    ProgressBoard,
    plot,
    set_axes,
    set_figsize,
    set_style,
    show_images,
    use_svg_display,
)
from .records import History
from .training import (
    DataModule,
    Module,
    TensorLoader,
    Trainer,
)

__version__ = "1.0.0"
