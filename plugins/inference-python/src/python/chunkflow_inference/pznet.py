"""Networks compiled by znni: a folder that holds the module `pznet` and the files of one network."""
import importlib
import sys

import numpy as np

from .problem import Problem
from .results import crop, require_batch


def open_model(settings):
    return PznetModel(settings)


class PznetModel:
    def __init__(self, settings):
        self.settings = settings
        folder = settings["modelPath"]
        sys.path.insert(0, folder)
        try:
            module = importlib.import_module("pznet")
        except ImportError as error:
            raise Problem(
                "pznet",
                "There is no Python module pznet in %s, nor installed: %s" % (folder, error),
                "build pznet for this network, or export the network to ONNX",
            )
        if not hasattr(module, "znet"):
            raise Problem("pznet", "The module pznet has no class znet", "use a release of pznet that chunkflow knew")
        self.network = module.znet()
        self.network.load_net(folder)

    def describe(self):
        return {"device": "cpu", "name": None, "weighted": False}

    def run(self, batch):
        result = np.asarray(self.network.forward(batch), np.float32)
        require_batch(result, batch.shape[0])
        return crop(result, self.settings), result.shape[1]
