"""Runs one model for the inference backends of this folder: load it once, then run batch after batch."""
import importlib

from chunkflow_inference.problem import Problem

_model = None
_result = None


def load(settings):
    """Loads the model of a framework. Returns where it runs, or a problem of the user's."""
    global _model

    def job():
        global _model
        module = importlib.import_module("chunkflow_inference." + settings["framework"])
        _model = module.open_model(settings)
        return _model.describe()

    return _told(job)


def run(batch):
    """Runs (count, channel, z, y, x) float32, which it may change. The result is kept for `take`."""

    def job():
        global _result
        _result, channels = _model.run(batch)
        return {"channels": channels}

    return _told(job)


def take():
    """The result of the last run, (count, channel, z, y, x) float32."""
    global _result
    result, _result = _result, None
    return result


def predict(batch):
    """A run whose result is neither cropped nor weighted, for comparison."""

    def job():
        return {"result": _model.predict(batch)}

    return _told(job)


def export(path, shape, free):
    """Writes the model, its post-processing included, as an ONNX file."""

    def job():
        from chunkflow_inference import export_onnx

        export_onnx.write(_model, path, shape, free)
        return {}

    return _told(job)


def _told(job):
    try:
        return job()
    except Problem as problem:
        return {"problem": problem.name, "what": problem.what, "fix": problem.fix}
    except MemoryError as error:
        return _out_of_memory(error)
    except RuntimeError as error:
        text = str(error).lower()
        if "out of memory" in text or "allocate memory" in text or "enough memory" in text:
            return _out_of_memory(error)
        raise


def _out_of_memory(error):
    what = (str(error) or "no memory left").strip().split("\n")[0]
    return {"problem": "memory", "what": "The model ran out of memory: " + what, "fix": "use a smaller --batch-size, or smaller patches"}
