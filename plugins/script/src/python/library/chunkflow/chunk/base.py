"""A block of a volume: an array that knows where it belongs."""
import numpy as np

from ..lib.cartesian_coordinate import BoundingBox, PhysicalBoundingBox, to_cartesian
from .array_like import ArrayLike, bare

LAYER_TYPES = (None, "image", "segmentation", "probability_map", "affinity_map", "unknown")


class Chunk(ArrayLike):
    """Works where an array does. `array` is (c)zyx; offset in voxels and voxel size in nm are zyx.

    Arithmetic, comparisons and NumPy's universal functions give chunks at the place of this one; other functions of
    NumPy, indexing and the methods of arrays give what they give for the array.
    """

    def __init__(self, array, voxel_offset=None, voxel_size=None, layer_type=None):
        if isinstance(array, Chunk):
            voxel_offset = array.voxel_offset if voxel_offset is None else voxel_offset
            array = array.array
        array = np.asarray(array)
        if array.ndim == 2:
            array = array[np.newaxis]
        if layer_type not in LAYER_TYPES:
            raise ValueError(f"unknown layer type {layer_type!r}; there are {', '.join(map(str, LAYER_TYPES))}")
        self.array = array
        self.voxel_offset = (0, 0, 0) if voxel_offset is None else voxel_offset
        self.voxel_size = voxel_size
        self.layer_type = layer_type if layer_type is not None else self._look()

    def _look(self):
        for layer_type in LAYER_TYPES[1:-1]:
            if getattr(self, f"is_{layer_type}"):
                return layer_type
        return "unknown"

    def _at_same_place(self, array, layer_type=None):
        return Chunk(array, voxel_offset=self.voxel_offset, voxel_size=self.voxel_size, layer_type=layer_type)

    # where it belongs

    @property
    def voxel_offset(self):
        return self._voxel_offset

    @voxel_offset.setter
    def voxel_offset(self, value):
        if len(value) == 4 and value[0] == 0:
            value = value[1:]
        self._voxel_offset = to_cartesian(value)

    @property
    def voxel_size(self):
        return self._voxel_size

    @voxel_size.setter
    def voxel_size(self, value):
        if value is not None and not all(size > 0 for size in value):
            raise ValueError(f"voxel sizes are positive, not {tuple(value)}")
        self._voxel_size = to_cartesian(value)

    @property
    def properties(self):
        every = {"voxel_offset": self.voxel_offset, "voxel_size": self.voxel_size, "layer_type": self.layer_type}
        return {name: value for name, value in every.items() if value is not None}

    @properties.setter
    def properties(self, value):
        self.set_properties(value)

    def set_properties(self, properties):
        for name in ("voxel_offset", "voxel_size", "layer_type"):
            if name in properties:
                setattr(self, name, properties[name])

    @property
    def ndoffset(self):
        return (0, *self.voxel_offset) if self.ndim == 4 else self.voxel_offset

    @property
    def bbox(self):
        return BoundingBox.from_delta(self.voxel_offset, self.shape[-3:])

    bounding_box = bbox

    @property
    def physical_bounding_box(self):
        return PhysicalBoundingBox.from_bounding_box(self.bbox, self.voxel_size)

    @property
    def start(self):
        return self.bbox.start

    @property
    def stop(self):
        return self.bbox.stop

    @property
    def voxel_stop(self):
        return tuple(part.stop for part in self.slices)

    @property
    def slices(self):
        """Global slices, one per axis."""
        return tuple(slice(start, start + size) for start, size in zip(self.ndoffset, self.shape))

    # what it holds, judged by the array alone

    @property
    def is_image(self):
        return self.dtype == np.uint8 and self.ndim == 3

    @property
    def is_segmentation(self):
        return self.ndim == 3 and self.dtype.kind in "biu" and self.dtype != np.uint8

    @property
    def is_probability_map(self):
        return self.dtype == np.float32 and bool(np.all((self.array >= 0) & (self.array <= 1)))

    @property
    def is_affinity_map(self):
        return self.ndim == 4 and self.shape[0] == 3 and self.dtype == np.float32

    def __repr__(self):
        return (
            f"Chunk({self.dtype} {'x'.join(map(str, self.shape))}, voxel_offset={tuple(self.voxel_offset)}, "
            f"voxel_size={self.voxel_size and tuple(self.voxel_size)}, layer_type={self.layer_type!r})"
        )

    # making chunks

    @classmethod
    def from_array(cls, array, bbox, voxel_size=None):
        return cls(array, voxel_offset=bbox.start, voxel_size=voxel_size)

    @classmethod
    def from_bbox(cls, bbox, dtype=np.uint8, pattern="zero", voxel_size=None, **others):
        return cls.create(bbox.shape, dtype, pattern=pattern, voxel_offset=bbox.start, voxel_size=voxel_size, **others)

    @classmethod
    def create(
        cls, size=(64, 64, 64), dtype=np.uint8, pattern="zero", voxel_offset=(0, 0, 0), voxel_size=None, all_zero=False
    ):
        """Zeros, or random values."""
        dtype = np.dtype(dtype)
        size = tuple(size)
        if pattern == "zero" or all_zero:
            array = np.zeros(size, dtype)
        elif pattern == "random":
            array = np.random.random(size) if dtype.kind == "f" else np.random.randint(0, 255, size)
        else:
            raise ValueError(f"no pattern {pattern!r} here; there are zero and random")
        return cls(array.astype(dtype, copy=False), voxel_offset=voxel_offset, voxel_size=voxel_size)

    def clone(self):
        return self._at_same_place(self.array.copy())

    def astype(self, dtype):
        """Keeps the layer type. The same object when there is nothing to do."""
        if dtype is None or np.dtype(dtype) == self.dtype:
            return self
        return self._at_same_place(self.array.astype(dtype), self.layer_type)

    def ascontiguousarray(self):
        return self._at_same_place(np.ascontiguousarray(self.array))

    def transpose(self, only_array=False):
        """Reverses the axes, and offset and voxel size unless told to leave them."""
        chunk = self._at_same_place(self.array.transpose())
        if not only_array:
            chunk.voxel_offset = self.voxel_offset[::-1]
            chunk.voxel_size = self.voxel_size and self.voxel_size[::-1]
        return chunk

    def squeeze_channel(self, axis=0):
        if self.ndim != 4:
            raise ValueError("only 4-D chunks have a channel axis")
        return self._at_same_place(np.squeeze(self.array, axis=axis))

    def threshold(self, threshold):
        """1 where strictly above, as a segmentation."""
        array = self.array > threshold
        if array.ndim == 4:
            if array.shape[0] != 1:
                raise ValueError(f"a threshold needs one channel, not {array.shape[0]}")
            array = array[0]
        return self._at_same_place(array.astype(np.uint8), "segmentation")

    def channel_voting(self):
        """The number of the largest channel, counted from 1."""
        if self.ndim != 4 or self.shape[0] > 255:
            raise ValueError("voting needs at most 255 channels")
        return self._at_same_place((np.argmax(self.array, axis=0) + 1).astype(np.uint8), "segmentation")

    def mask_using_last_channel(self, threshold=0.3):
        return self._at_same_place(self.array[:-1] * (self.array[-1] < threshold))

    # regions

    def _inside(self, slices):
        if len(slices) == self.ndim - 1:
            slices = (slice(0, self.shape[0]), *slices)
        inside = tuple(slice(part.start - start, part.stop - start) for part, start in zip(slices, self.ndoffset))
        if len(slices) != self.ndim or any(
            part.start < 0 or part.stop > size for part, size in zip(inside, self.shape)
        ):
            raise IndexError(f"{slices} is not fully inside {self!r}")
        return inside

    def cutout(self, x):
        """A region as a chunk on the same memory. `x` is a box or global slices; three slices mean all channels."""
        slices = tuple(x.slices if hasattr(x, "slices") else x)
        return Chunk(
            self.array[self._inside(slices)],
            voxel_offset=[part.start for part in slices[-3:]],
            voxel_size=self.voxel_size,
            layer_type=self.layer_type,
        )

    def save(self, patch):
        """Puts a smaller chunk in its place."""
        self.array[self._inside(patch.slices)] = patch.array

    def blend(self, patch):
        """Adds a chunk where both overlap."""
        common = [
            slice(max(mine.start, theirs.start), max(mine.start, theirs.start, min(mine.stop, theirs.stop)))
            for mine, theirs in zip(self.slices, patch.slices)
        ]
        mine, theirs = (
            tuple(slice(part.start - start, part.stop - start) for part, start in zip(common, chunk.ndoffset))
            for chunk in (self, patch)
        )
        self.array[mine] += patch.array[theirs]

    add_overlap = blend

    def crop_margin(self, margin_size=None, output_bbox=None):
        """Without 3 numbers on both sides, or 3 low and 3 high ones; or what lies in a box."""
        if not margin_size:
            return self.cutout(output_bbox)
        low, high = tuple(margin_size[:3]), tuple(margin_size[-3:])
        if len(margin_size) not in (3, 6):
            raise ValueError(f"a margin has 3 or 6 numbers, not {len(margin_size)}")
        kept = tuple(slice(start, size - stop) for start, size, stop in zip(low, self.shape[-3:], high))
        return Chunk(self.array[(..., *kept)], voxel_offset=self.voxel_offset + low, voxel_size=self.voxel_size)

    def shrink(self, size):
        """As `crop_margin`, changing this chunk."""
        smaller = self.crop_margin(size)
        self.array, self.voxel_offset = smaller.array, smaller.voxel_offset

    def maskout(self, chunk):
        """Multiplies the voxels of a finer chunk with the voxels of this one that cover them."""
        if self.voxel_size is None or chunk.voxel_size is None:
            raise ValueError("masking needs the voxel sizes of both chunks")
        if self.voxel_size % chunk.voxel_size != 0:
            raise ValueError(f"voxels of {self.voxel_size} are not made of voxels of {chunk.voxel_size}")
        factors = (int(factor) for factor in self.voxel_size // chunk.voxel_size)
        mask = self.array
        for axis, factor in enumerate(factors):
            mask = np.repeat(mask, factor, axis=mask.ndim - 3 + axis)
        chunk.array *= mask[(..., *(slice(0, size) for size in chunk.shape[-3:]))].astype(chunk.dtype)

    def where(self, mask):
        """Global coordinates of true voxels, one array per axis."""
        return tuple(index + start for index, start in zip(np.where(bare(mask)), self.ndoffset))

    def gaussian_filter_2d(self, sigma=1):
        """Smooths every section in place. Needs SciPy."""
        from scipy.ndimage import gaussian_filter

        for index in np.ndindex(self.shape[:-2]):
            self.array[index] = gaussian_filter(self.array[index], sigma)
