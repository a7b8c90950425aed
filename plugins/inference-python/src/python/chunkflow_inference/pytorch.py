"""Model files for PyTorch: `InstantiatedModel` with a state dict, or `load_model`; `pre_process` and `post_process`."""
import contextlib
import inspect

import numpy as np
import torch

from .problem import Problem
from .results import crop, require_batch
from .source import load_source


def open_model(settings):
    return PyTorchModel(settings)


class PyTorchModel:
    def __init__(self, settings):
        self.settings = settings
        self.device = choose_device(settings["device"])
        self.cuda = self.device.type == "cuda"
        if self.cuda:
            torch.cuda.set_device(self.device)
            torch.backends.cudnn.benchmark = True
        if settings["threads"] is not None:
            torch.set_num_threads(settings["threads"])
        source = load_source(settings["modelPath"])
        self.network = load_network(source, settings, self.device)
        self.pre_process = getattr(source, "pre_process", None)
        self.post_process = getattr(source, "post_process", None)
        weights = settings["patchWeights"] if self.cuda else None
        self.weights = None if weights is None else torch.from_numpy(weights.copy()).to(self.device)

    def describe(self):
        name = torch.cuda.get_device_name(self.device) if self.cuda else None
        return {"device": str(self.device), "name": name, "weighted": self.weights is not None}

    def tensor(self, value):
        """What pre_process gave, or should have: a tensor where the network is."""
        if not torch.is_tensor(value):
            value = torch.from_numpy(np.ascontiguousarray(value))
        return value.to(self.device)

    def call(self, batch):
        """From NumPy patches to the result of post_process, a tensor."""
        count = batch.shape[0]
        mixed = self.cuda and self.settings["dtype"] == "float16"
        precision = torch.autocast("cuda", dtype=torch.float16) if mixed else contextlib.nullcontext()
        with torch.no_grad(), precision:
            given = self.tensor(batch if self.pre_process is None else self.pre_process(batch))
            result = self.finish(self.network(given))
        require_batch(result, count)
        return result

    def finish(self, result):
        if self.post_process is not None:
            result = self.post_process(result)
        elif isinstance(result, (list, tuple)) and len(result) == 1:
            result = result[0]
        if isinstance(result, (list, tuple, dict)):
            raise Problem(
                "output",
                "The network gives a %s of %d results, and the model file does not say which to use"
                % (type(result).__name__, len(result)),
                "define post_process(net_output) in the model file, to return one tensor",
            )
        return result if torch.is_tensor(result) else torch.as_tensor(result)

    def run(self, batch):
        result = self.call(batch)
        channels = result.shape[1]
        result = crop(result, self.settings)
        if self.weights is not None:
            result = result.to(self.device) * self.weights
        return to_numpy(result), channels

    def predict(self, batch):
        return to_numpy(self.call(batch))


def to_numpy(tensor):
    return tensor.detach().to("cpu").float().numpy()


def choose_device(name):
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda:0" if count > 0 else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    index = {"cuda": "0"}.get(name, name[5:] if name.startswith("cuda:") else "")
    if not index.isdigit():
        raise Problem("device-unknown", 'PyTorch has no device "%s"' % name, "use --device auto, cpu, cuda or cuda:1")
    if int(index) >= count:
        found = "no CUDA device" if count == 0 else "%d CUDA device%s, from cuda:0 on" % (count, "" if count == 1 else "s")
        raise Problem(
            "device-missing",
            "--device %s was asked for, but PyTorch sees %s" % (name, found),
            "use --device auto or cpu, or check the driver and that PyTorch was built for CUDA",
        )
    return torch.device("cuda", int(index))


def load_network(source, settings, device):
    if hasattr(source, "load_model"):
        network = source.load_model(settings["weightPath"])
    elif hasattr(source, "InstantiatedModel"):
        network = source.InstantiatedModel
        if settings["weightPath"] is not None:
            load_weights(network, settings["weightPath"], device)
    else:
        raise Problem(
            "file",
            "The model file defines neither InstantiatedModel nor load_model",
            "assign the network to InstantiatedModel at the end of the file",
        )
    return network.to(device) if hasattr(network, "to") else network


def load_weights(network, path, device):
    # newer versions refuse by default what older ones saved; the model file is code of the same origin
    trust = {"weights_only": False} if "weights_only" in inspect.signature(torch.load).parameters else {}
    try:
        checkpoint = torch.load(path, map_location=device, **trust)
    except Exception as error:
        reason = (str(error) or type(error).__name__).strip().split("\n")[0]
        raise Problem("weights", "The weights %s cannot be read: %s" % (path, reason), "give a file that torch.save wrote")
    if isinstance(checkpoint, dict) and "state_dict" in checkpoint:
        checkpoint = checkpoint["state_dict"]
    if not isinstance(checkpoint, dict):
        raise Problem(
            "weights",
            "The weights %s hold a %s, not a state dict" % (path, type(checkpoint).__name__),
            "save network.state_dict(), or load the file in a function load_model of the model file",
        )
    try:
        network.load_state_dict(checkpoint)
    except RuntimeError:
        raise Problem("weights", mismatch(network, checkpoint, path), "give the weights that belong to this model file")


def mismatch(network, checkpoint, path):
    own = network.state_dict()
    missing = [key for key in own if key not in checkpoint]
    surplus = [key for key in checkpoint if key not in own]
    other = [key for key in own if key in checkpoint and own[key].shape != getattr(checkpoint[key], "shape", None)]
    parts = [
        "%d %s (%s%s)" % (len(keys), title, keys[0], "" if len(keys) == 1 else ", ...")
        for keys, title in ((missing, "missing"), (surplus, "unknown to it"), (other, "of another size"))
        if keys
    ]
    return "The weights %s are not of this network: of its %d tensors, %s" % (path, len(own), "; ".join(parts))
