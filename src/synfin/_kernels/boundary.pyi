"""Types of the compiled kernel `boundary`, which only other kernels call."""
