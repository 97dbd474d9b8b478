"""The kernel `flight` is for other kernels only."""
