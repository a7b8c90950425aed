"""Coordinates and bounding boxes. Order z y x everywhere; boxes exclude their stop."""
import itertools
import random
import re
from collections import UserList
from dataclasses import dataclass

import numpy as np

from .cartesian import Cartesian, to_cartesian

__all__ = ["BoundingBox", "BoundingBoxes", "Cartesian", "PhysicalBoundingBox", "to_cartesian"]

_BOX_AT_END = re.compile(
    r"(-?\d+)-(-?\d+)_(-?\d+)-(-?\d+)_(-?\d+)-(-?\d+)(?:\.(?:gz|br|h5|json|npy|tif|csv|pkl|png|jpg))?$"
)


@dataclass(frozen=True)
class BoundingBox:
    start: Cartesian
    stop: Cartesian

    def __post_init__(self):
        for name in ("start", "stop"):
            object.__setattr__(self, name, Cartesian.from_collection(getattr(self, name)))

    @classmethod
    def from_bbox(cls, bbox):
        """From any box with `minpt` and `maxpt`."""
        return cls(bbox.minpt, bbox.maxpt)

    @classmethod
    def from_string(cls, string):
        """The box at the end of a text such as a file name, or None."""
        match = _BOX_AT_END.search(string)
        if match is None:
            return None
        numbers = [int(text) for text in match.groups()]
        return cls(numbers[::2], numbers[1::2])

    @classmethod
    def from_delta(cls, start, plus):
        return cls(start, Cartesian.from_collection(start) + plus)

    @classmethod
    def from_list(cls, lst):
        return cls(lst[:3], lst[-3:])

    @classmethod
    def from_points(cls, arr):
        """The smallest box around points, one per row."""
        points = np.asarray(arr)
        return cls(points.min(axis=0).tolist(), (np.floor(points.max(axis=0)).astype(int) + 1).tolist())

    @classmethod
    def from_slices(cls, tpl):
        return cls([part.start for part in tpl[-3:]], [part.stop for part in tpl[-3:]])

    @classmethod
    def from_center(cls, center, extent, even_size=True):
        center = Cartesian.from_collection(center)
        return cls(center - extent, center + extent + (0 if even_size else 1))

    @property
    def minpt(self):
        return self.start

    @property
    def maxpt(self):
        return self.stop

    @property
    def string(self):
        return "_".join(f"{start}-{stop}" for start, stop in zip(self.start, self.stop))

    @property
    def slices(self):
        return tuple(slice(start, stop) for start, stop in zip(self.start, self.stop))

    @property
    def shape(self):
        return self.stop - self.start

    @property
    def random_coordinate(self):
        return Cartesian(*(random.randrange(start, stop) for start, stop in zip(self.start, self.stop)))

    @property
    def left_neighbors(self):
        """The boxes before this one along z, y and x."""
        moves = np.diag(self.shape).tolist()
        return tuple(BoundingBox(self.start - move, self.stop - move) for move in moves)

    def __repr__(self):
        return f"BoundingBox({self.start}, {self.stop})"

    def __add__(self, other):
        return BoundingBox(self.start + other, self.stop + other)

    def __mul__(self, operand):
        return BoundingBox(self.start * operand, self.stop * operand)

    def __floordiv__(self, other):
        if isinstance(other, BoundingBox):
            return BoundingBox(self.start // other.start, self.stop // other.stop)
        return BoundingBox(self.start // other, self.stop // other)

    def clone(self):
        return BoundingBox(self.start, self.stop)

    def inverse_order(self):
        return BoundingBox(self.start.inverse, self.stop.inverse)

    def adjust(self, size):
        """Moves the faces: outwards by 1 or 3 numbers, or start and stop by 3 each."""
        if size is None:
            return self
        if np.ndim(size) == 0:
            size = (size, size, size)
        if len(size) == 3:
            size = (*(-number for number in size), *size)
        return self.adjust_corner(size)

    def adjust_corner(self, corner_offset):
        if len(corner_offset) != 6:
            raise ValueError(f"expected 1, 3 or 6 numbers, not {len(corner_offset)}")
        return BoundingBox(self.start + corner_offset[:3], self.stop + corner_offset[3:])

    def union(self, bbox2):
        return BoundingBox(map(min, self.start, bbox2.start), map(max, self.stop, bbox2.stop))

    def intersection(self, bbox2):
        return BoundingBox(map(max, self.start, bbox2.start), map(min, self.stop, bbox2.stop))

    def contains(self, point):
        """True also on the faces at the stop."""
        return self.start <= point and self.stop >= point

    def is_aligned_with(self, block_shape):
        return self.start % block_shape == 0 and self.stop % block_shape == 0

    def _blocks(self, block_size, beyond):
        block_size = Cartesian.from_collection(block_size)
        ranges = (
            range(start, stop + more, step)
            for start, stop, step, more in zip(self.start, self.stop, block_size, beyond(block_size))
        )
        return BoundingBoxes(
            BoundingBox.from_delta(corner, block_size) for corner in itertools.product(*ranges)
        )

    def decompose(self, block_size, ignore_unaligned=True):
        """All whole blocks, counted from the start; what remains at the stop is left out."""
        if not ignore_unaligned:
            return self.decompose_to_unaligned_block_bounding_boxes(block_size)
        return self._blocks(block_size, lambda size: 1 - size.vec)

    def decompose_to_aligned_block_bounding_boxes(self, block_size, bounded=True):
        """Blocks that cover the box; the last ones may overhang."""
        return self._blocks(block_size, lambda size: 0 * size.vec if bounded else size.vec - 1)

    def decompose_to_unaligned_block_bounding_boxes(self, block_size):
        """Blocks that cover the box; the last ones are cut off at its stop."""
        return BoundingBoxes(
            block.intersection(self) for block in self.decompose_to_aligned_block_bounding_boxes(block_size)
        )


class BoundingBoxes(UserList):
    """A list of boxes."""

    @classmethod
    def from_array(cls, arr, is_zyx=True):
        """From rows of six numbers: start and stop."""
        rows = np.asarray(arr) if is_zyx else np.asarray(arr)[:, [2, 1, 0, 5, 4, 3]]
        return cls(BoundingBox.from_list(row.tolist()) for row in rows)

    @classmethod
    def from_file(cls, file_path, is_zyx=True):
        rows = (
            np.load(file_path)
            if str(file_path).endswith(".npy")
            else np.loadtxt(file_path, dtype=int, delimiter=",", ndmin=2)
        )
        return cls.from_array(rows, is_zyx=is_zyx)

    @property
    def array(self):
        return np.array([[*box.start, *box.stop] for box in self.data], dtype=int).reshape(-1, 6)

    def to_file(self, file_name):
        np.save(file_name, self.array)


@dataclass(frozen=True, repr=False)
class PhysicalBoundingBox(BoundingBox):
    """A box with the size of its voxels, nm."""

    voxel_size: Cartesian

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "voxel_size", Cartesian.from_collection(self.voxel_size))

    @classmethod
    def from_bounding_box(cls, bbox, voxel_size):
        return cls(bbox.start, bbox.stop, voxel_size)

    @property
    def voxel_bounding_box(self):
        return BoundingBox(self.start, self.stop)

    def to_other_voxel_size(self, voxel_size2):
        """The same region in voxels that are a whole number of times larger or smaller."""
        other = Cartesian.from_collection(voxel_size2)
        if other >= self.voxel_size:
            factors = other // self.voxel_size
            return PhysicalBoundingBox(self.start // factors, self.stop // factors, other)
        factors = self.voxel_size // other
        return PhysicalBoundingBox(self.start * factors, self.stop * factors, other)
