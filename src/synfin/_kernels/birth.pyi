"""Types of the compiled kernel `birth`, which only other kernels call."""
