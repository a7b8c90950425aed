"""The Python half of the inference backends."""
