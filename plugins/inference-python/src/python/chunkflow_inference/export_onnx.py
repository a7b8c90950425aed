"""PyTorch model files as ONNX: pre- and post-processing become part of the graph."""
import inspect
import warnings

import numpy as np
import torch

from .problem import Problem

OPSET = 13
AXES = {"all": {0: "batch", 2: "z", 3: "y", 4: "x"}, "batch": {0: "batch"}, "none": {}}


def write(model, path, shape, free):
    """shape: of a patch, (channel, z, y, x). free: which sizes may differ from it, `all`, `batch` or `none`."""
    network = model.network
    if not isinstance(network, torch.nn.Module):
        raise Problem(
            "export",
            "The model file gives a %s, not a torch.nn.Module" % type(network).__name__,
            "only networks of PyTorch's own kind can be traced",
        )
    training = torch.onnx.TrainingMode
    # what the file left in training mode stays so
    mode = training.PRESERVE if any(part.training for part in network.modules()) else training.EVAL
    options = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    whole = WholeModel(model, changes_patches(model, shape))
    whole.training = network.training
    with warnings.catch_warnings(), torch.no_grad():
        # constants that tracing bakes in show when the file is compared with the network
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                whole,
                torch.rand(1, *shape),
                path,
                training=mode,
                opset_version=OPSET,
                input_names=["input"],
                output_names=["output"],
                dynamic_axes={"input": AXES[free], "output": AXES[free]},
                **options,
            )
        except Problem:
            raise
        except Exception as error:
            reason = (str(error) or type(error).__name__).strip().split("\n")[0]
            raise Problem("export", "PyTorch cannot export this model: " + reason, "run it with --framework pytorch")


class WholeModel(torch.nn.Module):
    def __init__(self, model, pre_process):
        super().__init__()
        self.network = model.network
        self.finish = model.finish
        self.pre_process = pre_process

    def forward(self, patch):
        if self.pre_process is not None:
            patch = self.pre_process(patch)
            if not torch.is_tensor(patch):
                raise no_tensor()
        return self.finish(self.network(patch))


def changes_patches(model, shape):
    """pre_process, unless it only turns arrays into tensors. It must then work on tensors to be traced."""
    if model.pre_process is None:
        return None
    patch = np.random.default_rng(1).random((1, *shape), np.float32)
    if np.array_equal(model.tensor(model.pre_process(patch.copy())).numpy(), patch):
        return None
    try:
        if torch.is_tensor(model.pre_process(torch.from_numpy(patch))):
            return model.pre_process
    except Exception as error:
        raise no_tensor() from error
    raise no_tensor()


def no_tensor():
    return Problem(
        "export",
        "pre_process of the model file changes the patch in NumPy, which cannot become part of an ONNX file",
        "write it with operations that work on tensors too, such as (patch - 0.5) / 0.2",
    )
