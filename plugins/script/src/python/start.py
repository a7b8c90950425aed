"""First file of the worker process. Old syntax only: any Python must get far enough here to say that it is too old."""
import json
import os
import struct
import sys

RESPONSES = 4


def start():
    if sys.version_info < (3, 8):
        message = json.dumps({"version": "%d.%d.%d" % sys.version_info[:3]}).encode("utf-8")
        os.write(RESPONSES, struct.pack("<I", len(message)) + message)
        return
    library = os.path.join(os.path.dirname(os.path.abspath(__file__)), "library")
    if sys.path[0] == os.path.dirname(library):
        sys.path[0] = library
    else:
        sys.path.insert(0, library)  # Python in its safe mode

    from chunkflow_worker.serve import main

    main()


# helpers that a script starts import this file, too
if __name__ == "__main__":
    start()
