"""Model files: Python files of any name, loaded as fresh modules."""
import importlib.machinery
import importlib.util
import os
import sys


def load_source(path):
    """Modules beside the file can be imported, as if it were run as a script."""
    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = "chunkflow_model_file"
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    # pickled weights may refer to classes of the file
    sys.modules[name] = module
    loader.exec_module(module)
    return module
