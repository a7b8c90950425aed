"""Loads a script and answers calls to its functions, one after another."""
import faulthandler
import importlib
import sys

from . import frames, watch
from .failures import describe
from .load import load_file


def main():
    watch.die_with(int(sys.argv[1]))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", line_buffering=True, errors="backslashreplace")
    faulthandler.enable(all_threads=False)
    requests = frames.start_reading()
    start = requests.get()
    frames.send({"version": "%d.%d.%d" % sys.version_info[:3]})
    missing = _missing_module(["numpy", *start["requires"]])
    if missing is not None:
        frames.send({"missing": missing})
        return
    try:
        script = load_file(start["script"])
    except BaseException as error:
        _send_failure(error, start["script"])
        return
    frames.send({"ready": True})
    _answer(requests, script, start)


def _missing_module(names):
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            return {"name": name, "reason": str(error)}
    return None


def _answer(requests, script, start):
    # imports NumPy, whose absence was to be reported first
    from .memory import SharedMemory

    memory = SharedMemory(start["memory"])
    while True:
        request = requests.get()
        if "end" in request:
            return
        message = _call(request, script, memory)
        # the arguments are gone by now, unless the script kept them
        message["held"] = memory.held()
        _flush()
        frames.send(message)


def _call(request, script, memory):
    from .values import ResultError, decode, encode

    try:
        function = getattr(script, request["name"], None)
        if not callable(function):
            return {"absent": request["name"]}
        result = function(*decode(request["args"], memory))
        return {"result": encode(result, memory.results().place)}
    except ResultError as error:
        return {"refused": str(error)}
    except BaseException as error:
        return {"failure": describe(error, script.__file__)}


def _send_failure(error, script):
    _flush()
    frames.send({"failure": describe(error, script)})


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass  # the script closed it
