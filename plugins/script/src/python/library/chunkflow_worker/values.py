"""What calls carry, as JSON: arrays by their place in shared memory, whole numbers beyond 2**53 as text."""
import math

import numpy as np

DTYPES = {
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64",
}
EXACT = 2**53


class ResultError(Exception):
    """Something that cannot be sent back."""


def decode(value, memory):
    if isinstance(value, list):
        return [decode(item, memory) for item in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return memory.view(*value["$array"])
    if "$int" in value:
        return int(value["$int"])
    if "$float" in value:
        return float(value["$float"])
    if "$object" in value:
        return {key: decode(item, memory) for key, item in value["$object"]}
    return {key: decode(item, memory) for key, item in value.items()}


def encode(value, place):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        value = int(value)
        return value if -EXACT <= value <= EXACT else {"$int": str(value)}
    if isinstance(value, (float, np.floating)):
        value = float(value)
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, np.ndarray):
        return {"$array": _encode_array(value, place)}
    if isinstance(value, (list, tuple)):
        return [encode(item, place) for item in value]
    if isinstance(value, dict):
        items = []
        for key, item in value.items():
            if not isinstance(key, (str, int, np.integer)):
                raise ResultError("a dict with keys of type %s" % _type_name(key))
            items.append([str(key), encode(item, place)])
        return {"$object": items}
    raise ResultError("a value of type %s" % _type_name(value))


def _encode_array(array, place):
    name = array.dtype.name
    if name not in DTYPES:
        raise ResultError("an array of %s" % name)
    # plain, native byte order, C order: copies only where it is not so already
    array = np.asarray(array, array.dtype.newbyteorder("="), order="C")
    file, offset = place(array)
    return [name, list(array.shape), file, offset]


def _type_name(value):
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else "%s.%s" % (kind.__module__, kind.__qualname__)
