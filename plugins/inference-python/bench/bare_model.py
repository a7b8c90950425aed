"""The network alone, as a script would run it: what the operator is measured against."""
import importlib.util
import time

import torch

network = None
post_process = None


def load(model_path, weight_path):
    global network, post_process
    spec = importlib.util.spec_from_file_location("bare_model_file", model_path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network, post_process = module.InstantiatedModel, module.post_process
    network.load_state_dict(torch.load(weight_path, map_location="cpu"))


def run(patches, patch):
    """Seconds for running a patch, (1, 1, z, y, x) float32, this many times."""
    patch = torch.from_numpy(patch)
    wall, cpu = time.perf_counter(), time.process_time()
    with torch.no_grad():
        for _ in range(patches):
            post_process(network(patch))
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
