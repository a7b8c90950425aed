"""What Python scripts import: chunks and boxes. Needs NumPy alone."""
