"""The compiled kernel `data_signs`: for other kernels only."""
