"""Voxels on files that both processes have open and that have no name any more."""
import errno
import gc
import mmap
import os
import weakref

import numpy as np

ALIGNMENT = 64
PIECE = 1 << 30


def _up(offset):
    return -(-offset // ALIGNMENT) * ALIGNMENT


class SharedFile:
    """Arguments are NumPy views of the mapped file; results are written behind them."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.map = None
        self.whole = None
        self.lent = []

    def view(self, dtype, shape, offset, size):
        stop = offset + size
        if self.map is None or len(self.map) < stop:
            # views of an older, shorter mapping keep it alive
            self.map = mmap.mmap(self.descriptor, os.fstat(self.descriptor).st_size)
            self.whole = np.frombuffer(self.map, np.uint8)
        base = np.frombuffer(self.map, np.uint8, size, offset)
        self.lent.append((weakref.ref(base), offset, stop))
        return base.view(dtype).reshape(shape)

    def held(self):
        """Regions that the script still refers to."""
        self.lent = [entry for entry in self.lent if entry[0]() is not None]
        return [[start, stop] for _, start, stop in self.lent]

    def offset_of(self, array):
        """Where an array lies when it is part of the mapping as it is, else None."""
        if self.whole is None or not array.flags.c_contiguous:
            return None
        offset = array.__array_interface__["data"][0] - self.whole.__array_interface__["data"][0]
        return offset if 0 <= offset <= len(self.map) - array.nbytes else None

    def write(self, array, offset):
        data = memoryview(array.reshape(-1).view(np.uint8))
        while data:
            written = os.pwrite(self.descriptor, data[:PIECE], offset)
            data = data[written:]
            offset += written


class SharedMemory:
    def __init__(self, descriptors):
        self.files = [SharedFile(descriptor) for descriptor in descriptors]

    def view(self, dtype, shape, file, offset):
        dtype = np.dtype(dtype)
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        return np.empty(shape, dtype) if size == 0 else self.files[file].view(dtype, shape, offset, size)

    def held(self):
        held = [file.held() for file in self.files]
        if any(held):
            gc.collect()
            held = [file.held() for file in self.files]
        return held

    def results(self):
        return Results(self.files)


class Results:
    """Places the arrays of one result."""

    def __init__(self, files):
        self.files = files
        # behind everything that is lent: it may be part of the result
        self.ends = [max((stop for _, _, stop in file.lent), default=0) for file in files]

    def place(self, array):
        """Puts a C-contiguous array in native byte order where the other side can read it."""
        if array.nbytes == 0:
            return 0, 0
        for index, file in enumerate(self.files):
            offset = file.offset_of(array)
            if offset is not None:
                return index, offset
        last = len(self.files) - 1
        for index, file in enumerate(self.files):
            offset = _up(self.ends[index])
            try:
                file.write(array, offset)
            except OSError as error:
                if index == last or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                    raise
                continue
            self.ends[index] = offset + array.nbytes
            return index, offset
