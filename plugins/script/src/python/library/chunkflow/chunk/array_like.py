"""What makes a chunk work where an array does."""
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin


def bare(value):
    return value.array if isinstance(value, ArrayLike) else value


class ArrayLike(NDArrayOperatorsMixin):
    """Needs `array`, `voxel_offset` and `_at_same_place`."""

    def __getattr__(self, name):
        # methods of arrays: sum, mean, ravel, ...
        if name.startswith("_") or name == "array":
            raise AttributeError(f"a Chunk has no attribute {name!r}")
        return getattr(self.array, name)

    def __array__(self, dtype=None, copy=None):
        array = self.array if dtype is None else self.array.astype(dtype, copy=False)
        return array.copy() if copy and array is self.array else array

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        out = keywords.get("out", ())
        if out:
            keywords["out"] = tuple(bare(one) for one in out)
        result = getattr(ufunc, method)(*(bare(one) for one in inputs), **keywords)
        if out:
            return out if isinstance(result, tuple) else out[0]
        place = next(one for one in (*inputs, self) if isinstance(one, ArrayLike))
        if isinstance(result, tuple):
            return tuple(place._wrap(one) for one in result)
        return place._wrap(result)

    def _wrap(self, result):
        """What is still a volume stays at this place; sums over axes do not."""
        return self._at_same_place(result) if np.ndim(result) in (3, 4) else result

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return iter(self.array)

    def __getitem__(self, index):
        return self.array[bare(index)]

    def __setitem__(self, index, value):
        self.array[bare(index)] = bare(value)

    def __eq__(self, other):
        """With a chunk: whether array and offset are the same. With anything else, voxel by voxel."""
        if isinstance(other, ArrayLike):
            return np.array_equal(self.array, other.array) and self.voxel_offset == other.voxel_offset
        return self.array == other

    def __ne__(self, other):
        return not self == other if isinstance(other, ArrayLike) else self.array != other

    __hash__ = None

    @property
    def shape(self):
        return self.array.shape

    @property
    def dtype(self):
        return self.array.dtype

    @property
    def ndim(self):
        return self.array.ndim
