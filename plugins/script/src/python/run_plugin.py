"""Runs the function `execute` of plugin files: what travels as plain data arrives there as chunks and boxes."""
import ast

from chunkflow.chunk import Chunk
from chunkflow.lib.cartesian_coordinate import BoundingBox
from chunkflow_worker.load import load_file

WORDS = {"true": True, "false": False, "none": None}
plugin = None


def load(path):
    """Whether the file has a function `execute`."""
    global plugin
    plugin = load_file(path)
    return callable(getattr(plugin, "execute", None))


def execute(inputs, keywords):
    """`keywords` are names with either a text of the command line or a value."""
    named = {name: _literal(value) if is_text else _arrive(value) for name, is_text, value in keywords}
    return _leave(plugin.execute(*(_arrive(value) for value in inputs), **named))


def _literal(text):
    if text.strip().lower() in WORDS:
        return WORDS[text.strip().lower()]
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text


def _arrive(value):
    if isinstance(value, list):
        return [_arrive(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("chunkflow")
    if kind == "chunk":
        return Chunk(value["array"], value["voxelOffset"], value["voxelSize"], value["layerType"])
    if kind == "box":
        return BoundingBox(value["start"], value["stop"])
    return {name: _arrive(item) for name, item in value.items()}


def _leave(value):
    if isinstance(value, Chunk):
        return {
            "chunkflow": "chunk",
            "array": value.array,
            "voxelOffset": [int(number) for number in value.voxel_offset],
            "voxelSize": value.voxel_size and [float(number) for number in value.voxel_size],
            "layerType": value.layer_type,
        }
    if isinstance(value, BoundingBox):
        return {"chunkflow": "box", "start": list(value.start), "stop": list(value.stop)}
    if isinstance(value, (list, tuple)):
        return [_leave(item) for item in value]
    if isinstance(value, dict):
        return {name: _leave(item) for name, item in value.items()}
    return value
