"""Model files that do everything themselves: a class `PatchInferencer`."""
import numpy as np

from .problem import Problem
from .results import require_batch, size_text
from .source import load_source


def open_model(settings):
    return UniversalModel(settings)


class UniversalModel:
    def __init__(self, settings):
        source = load_source(settings["modelPath"])
        if not hasattr(source, "PatchInferencer"):
            raise Problem(
                "file",
                "The model file defines no class PatchInferencer",
                "define PatchInferencer(weight_path, output_patch_mask), or use --framework pytorch",
            )
        self.settings = settings
        self.inferencer = source.PatchInferencer(settings["weightPath"], settings["patchWeights"].copy())

    def describe(self):
        try:
            name = getattr(self.inferencer, "compute_device", None)
        except Exception:
            # files ask their graphics processor for its name, also where there is none
            name = None
        return {"device": "its own", "name": None if name is None else str(name), "weighted": True}

    def run(self, batch):
        """The file has weighted the result; channels that it does not give stay 0."""
        count, wanted, size = batch.shape[0], self.settings["outputChannels"], self.settings["outputPatchSize"]
        result = self.inferencer(batch)
        if not isinstance(result, np.ndarray):
            raise Problem(
                "output",
                "PatchInferencer gave %s, not a NumPy array" % type(result).__name__,
                "return result.cpu().numpy() or the like",
            )
        require_batch(result, count)
        if list(result.shape[2:]) != size:
            raise Problem(
                "output",
                "PatchInferencer gave patches of %s, not %s" % (size_text(result.shape[2:]), size_text(size)),
                "add --output-patch-size %s, or crop in the model file" % " ".join(map(str, result.shape[2:])),
            )
        channels = result.shape[1]
        if channels >= wanted:
            return result[:, :wanted].astype(np.float32, copy=False), channels
        whole = np.zeros((count, wanted, *size), np.float32)
        whole[:, :channels] = result
        return whole, channels
