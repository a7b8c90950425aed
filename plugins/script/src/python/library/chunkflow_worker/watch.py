"""Ends this process when the one that started it is gone."""
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent):
    """Asks the kernel, on Linux, to kill this process with its parent, even in the middle of compiled code.
    Elsewhere, and in addition, the thread that reads requests ends the process when its pipe closes."""
    if sys.platform.startswith("linux"):
        try:
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        except (AttributeError, OSError):
            pass  # a C library without prctl: the pipe remains
    try:
        os.kill(parent, 0)
    except ProcessLookupError:
        os._exit(1)  # it died before we asked
    except OSError:
        pass  # another user's; it lives
