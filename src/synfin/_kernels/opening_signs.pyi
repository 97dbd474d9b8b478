"""The compiled kernel `opening_signs`: for other kernels only."""
