"""The compiled kernel `options` is called by other kernels only."""
