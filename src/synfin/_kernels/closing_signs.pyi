"""The compiled kernel `closing_signs`: for other kernels only."""
