"""The compiled kernel `layers`: for other kernels only."""
