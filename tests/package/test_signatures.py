"""Code that was written for D2L finds its names and parameters here."""

import inspect

import pytest

import d2lmini as d2l

PARAMETERS = {
    "add_to_class": "Class",
    "HyperParameters.save_hyperparameters": "self ignore",
    "ProgressBoard": "xlabel ylabel xlim ylim xscale yscale ls colors fig axes "
    "figsize display",
    "ProgressBoard.draw": "self x y label every_n",
    "ProgressBoard.flush": "self",
    "Module": "plot_train_per_epoch plot_valid_per_epoch",
    "Module.loss": "self y_hat y",
    "Module.forward": "self X",
    "Module.plot": "self key value train",
    "Module.training_step": "self batch",
    "Module.validation_step": "self batch",
    "Module.configure_optimizers": "self",
    "DataModule": "root num_workers",
    "DataModule.get_dataloader": "self train",
    "DataModule.train_dataloader": "self",
    "DataModule.val_dataloader": "self",
    "DataModule.get_tensorloader": "self tensors train indices",
    "Trainer": "max_epochs num_gpus gradient_clip_val",
    "Trainer.prepare_data": "self data",
    "Trainer.prepare_model": "self model",
    "Trainer.prepare_batch": "self batch",
    "Trainer.fit": "self model data",
    "Trainer.fit_epoch": "self",
    "Trainer.clip_gradients": "self grad_clip_val model",
    "Classifier.validation_step": "self batch",
    "Classifier.accuracy": "self Y_hat Y averaged",
    "Classifier.loss": "self Y_hat Y averaged",
    "Classifier.layer_summary": "self X_shape",
    "SyntheticRegressionData": "w b noise num_train num_val batch_size",
    "FashionMNIST": "batch_size resize",
    "FashionMNIST.text_labels": "self indices",
    "FashionMNIST.get_dataloader": "self train",
    "FashionMNIST.visualize": "self batch nrows ncols labels",
    "SGD": "params lr",
    "SGD.step": "self",
    "SGD.zero_grad": "self",
    "LinearRegressionScratch": "num_inputs lr sigma",
    "LinearRegression": "lr",
    "LinearRegression.get_w_b": "self",
    "plot": "X Y xlabel ylabel legend xlim ylim xscale yscale fmts figsize "
    "axes",
    "set_axes": "axes xlabel ylabel xlim ylim xscale yscale legend",
    "set_figsize": "figsize",
    "show_heatmaps": "matrices xlabel ylabel titles figsize cmap",
    "cross_entropy": "y_hat y",
    "SoftmaxRegression": "num_outputs lr",
    "download": "url folder sha1_hash",
    "show_images": "imgs num_rows num_cols titles scale",
    "use_svg_display": "",
    "cpu": "",
    "gpu": "i",
    "num_gpus": "",
    "try_gpu": "i",
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_come_first_and_in_order(name):
    thing = d2l
    for part in name.split("."):
        thing = getattr(thing, part)
    ours = list(inspect.signature(thing).parameters)
    theirs = PARAMETERS[name].split()
    assert ours[: len(theirs)] == theirs
    added = list(inspect.signature(thing).parameters.values())[len(theirs) :]
    assert all(p.default is not p.empty for p in added)
