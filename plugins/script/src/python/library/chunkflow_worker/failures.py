"""Exceptions as messages: what a person needs in one line, and the whole traceback besides."""
import errno
import os
import sysconfig
import traceback

OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LONGEST = 500
FOREIGN = tuple(
    os.path.join(folder, "")
    for folder in {
        OURS,
        *(sysconfig.get_paths().get(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        "/usr/lib/python3/dist-packages",
    }
    if folder
)


def describe(error, script):
    frames = traceback.extract_tb(error.__traceback__)
    place = _place(frames, script)
    if isinstance(error, SyntaxError) and error.filename is not None:
        place = "%s:%s" % (error.filename, error.lineno)
    return {
        "what": _sentence(error),
        "where": place,
        "hint": _hint(error),
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__)),
    }


def _sentence(error):
    """`ValueError: what it says`, on one line."""
    lines = "".join(traceback.format_exception_only(type(error), error)).strip().split("\n")
    # before the last line of a syntax error comes the code, which the place tells
    text = " ".join(" ".join(lines[-1:] if isinstance(error, SyntaxError) else lines).split())
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."


def _place(frames, script):
    """The innermost line of the script, unless it is one of ours, else of other code that is not a library's."""
    for wanted in (
        lambda name: name == script and not name.startswith(OURS),
        lambda name: not name.startswith("<") and not name.startswith(FOREIGN),
    ):
        for frame in reversed(frames):
            if wanted(frame.filename):
                return "%s:%s" % (frame.filename, frame.lineno)
    return None


def _hint(error):
    text = str(error)
    if isinstance(error, AttributeError) and "module 'json'" in text and "'parse'" in text:
        return "json.parse is JavaScript; in Python it is json.loads"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return "install %s for this Python" % error.name
    if isinstance(error, MemoryError):
        return "use smaller chunks or patches"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "free some room, or set TMPDIR to a folder that has it"
    return None
