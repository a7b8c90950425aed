"""Three numbers, z y x."""
import itertools
import math
import operator
from collections import namedtuple

import numpy as np


def _each(operation):
    """An operation on every axis, with one number or with three."""

    def apply(self, other):
        if np.ndim(other) == 0:
            return Cartesian(*(operation(mine, other) for mine in self))
        if len(other) != 3:
            raise ValueError(f"expected 1 or 3 numbers, not {len(other)}")
        return Cartesian(*(operation(mine, theirs) for mine, theirs in zip(self, other)))

    return apply


def _on_all_axes(relation):
    def holds(self, other):
        others = itertools.repeat(other) if np.ndim(other) == 0 else other
        return all(relation(mine, theirs) for mine, theirs in zip(self, others))

    return holds


class Cartesian(namedtuple("Cartesian", ["z", "y", "x"])):
    """Three numbers. Comparisons hold when they hold on every axis."""

    __slots__ = ()

    @classmethod
    def from_collection(cls, col):
        z, y, x = col
        return cls(z, y, x)

    __add__ = __iadd__ = _each(operator.add)
    __sub__ = __isub__ = _each(operator.sub)
    __mul__ = __imul__ = __rmul__ = _each(operator.mul)
    __floordiv__ = __ifloordiv__ = _each(operator.floordiv)
    __truediv__ = __itruediv__ = _each(operator.truediv)
    __mod__ = __imod__ = _each(operator.mod)
    __lt__ = _on_all_axes(operator.lt)
    __le__ = _on_all_axes(operator.le)
    __gt__ = _on_all_axes(operator.gt)
    __ge__ = _on_all_axes(operator.ge)

    def __eq__(self, other):
        if np.ndim(other) != 0 and len(other) != 3:
            return False
        return _on_all_axes(operator.eq)(self, other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(tuple(self))

    def __neg__(self):
        return Cartesian(-self.z, -self.y, -self.x)

    @property
    def ceil(self):
        return Cartesian(*map(math.ceil, self))

    @property
    def floor(self):
        return Cartesian(*map(math.floor, self))

    @property
    def tuple(self):
        return (self.z, self.y, self.x)

    @property
    def list(self):
        return [self.z, self.y, self.x]

    @property
    def vec(self):
        return np.array(self.tuple)

    @property
    def inverse(self):
        """The same numbers in the order x y z."""
        return Cartesian(self.x, self.y, self.z)


def to_cartesian(x):
    return None if x is None else Cartesian.from_collection(x)
