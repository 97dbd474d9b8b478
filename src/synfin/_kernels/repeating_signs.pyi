"""The compiled kernel `repeating_signs`: for other kernels only."""
