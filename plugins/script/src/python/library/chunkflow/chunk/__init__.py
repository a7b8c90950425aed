"""Blocks of a volume."""
from .base import Chunk

__all__ = ["Chunk"]
