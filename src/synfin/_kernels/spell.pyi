"""The compiled kernel `spell`: for other kernels only."""
