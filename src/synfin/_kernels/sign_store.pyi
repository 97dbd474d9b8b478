"""The compiled kernel `sign_store`: for other kernels only."""
