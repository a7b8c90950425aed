"""Coordinates and boxes."""
