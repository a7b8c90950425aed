"""Enough of PyTorch, on NumPy, to see where tensors go. STAND_IN_CUDA says how many graphics processors there are."""
import contextlib
import os
import types

import numpy as np

COUNT = int(os.environ.get("STAND_IN_CUDA", "0"))
float16 = "float16"
_half = [False]


class device:
    def __init__(self, name, index=None):
        text = name if isinstance(name, str) else str(name)
        self.type, _, rest = text.partition(":")
        self.index = index if index is not None else (int(rest) if rest else None)

    def __str__(self):
        return self.type if self.index is None else "%s:%d" % (self.type, self.index)


class Tensor:
    def __init__(self, data, place="cpu"):
        self.data, self.place, self.shape = data, place, data.shape

    def to(self, place):
        return Tensor(self.data, str(place))

    def __mul__(self, other):
        if isinstance(other, Tensor):
            if other.place != self.place:
                raise RuntimeError("tensors on %s and %s" % (self.place, other.place))
            other = other.data
        result = self.data * other
        return Tensor(result.astype(np.float16) if _half[0] else result, self.place)

    def __getitem__(self, key):
        return Tensor(self.data[key], self.place)

    def detach(self):
        return self

    def float(self):
        return Tensor(self.data.astype(np.float32), self.place)

    def numpy(self):
        if self.place != "cpu":
            raise TypeError("a tensor on %s has no NumPy array" % self.place)
        return self.data


def _get_device_name(place):
    return "Stand-in GPU %d" % place.index


cuda = types.SimpleNamespace(
    is_available=lambda: COUNT > 0,
    device_count=lambda: COUNT,
    set_device=lambda place: None,
    get_device_name=_get_device_name,
)
backends = types.SimpleNamespace(cudnn=types.SimpleNamespace(benchmark=False))
threads = [0]


def set_num_threads(count):
    threads[0] = count


def is_tensor(value):
    return isinstance(value, Tensor)


def from_numpy(array):
    return Tensor(array)


def as_tensor(array):
    return Tensor(np.asarray(array))


def load(path, map_location=None):
    with open(path) as file:
        text = file.read()
    if not text.startswith("weight "):
        raise ValueError("not a checkpoint")
    return {"state_dict": {"weight": Tensor(np.float32(text.split()[1]).reshape(1), str(map_location))}}


@contextlib.contextmanager
def autocast(kind, dtype):
    _half[0] = True
    yield
    _half[0] = False


def no_grad():
    return contextlib.nullcontext()
