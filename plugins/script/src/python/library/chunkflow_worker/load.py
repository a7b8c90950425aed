"""Python files as modules."""
import importlib.util
import os
import sys


def load_file(path):
    """Runs a file. It may import what lies beside it, which never hides modules of Python."""
    name = os.path.splitext(os.path.basename(path))[0]
    if not name.isidentifier() or importlib.util.find_spec(name) is not None:
        name = "chunkflow_script_" + name
    # under its own name, where possible, helper processes find what the script hands them
    sys.path.append(os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
