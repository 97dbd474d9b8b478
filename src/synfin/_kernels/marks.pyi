"""The compiled kernel `marks`: for other kernels only."""
