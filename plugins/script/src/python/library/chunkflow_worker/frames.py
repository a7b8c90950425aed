"""Control messages: four bytes of length, least significant first, then JSON."""
import json
import os
import queue
import struct
import threading

REQUESTS, RESPONSES = 3, 4


def _read_exactly(count):
    parts = []
    while count > 0:
        part = os.read(REQUESTS, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def start_reading():
    """A queue of requests, filled by a thread. When the pipe ends, so does the process: nobody is left to work for."""
    requests = queue.SimpleQueue()

    def read():
        while True:
            head = _read_exactly(4)
            body = None if head is None else _read_exactly(struct.unpack("<I", head)[0])
            if body is None:
                os._exit(0)
            requests.put(json.loads(body))

    threading.Thread(target=read, name="chunkflow requests", daemon=True).start()
    return requests


def send(message):
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    data = memoryview(struct.pack("<I", len(body)) + body)
    while data:
        data = data[os.write(RESPONSES, data):]
