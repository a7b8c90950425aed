"""The older name of `cartesian_coordinate`."""
from .cartesian_coordinate import BoundingBox, BoundingBoxes, Cartesian, PhysicalBoundingBox, to_cartesian

__all__ = ["BoundingBox", "BoundingBoxes", "Cartesian", "PhysicalBoundingBox", "to_cartesian"]
