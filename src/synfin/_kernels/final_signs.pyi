"""The compiled kernel `final_signs`: for other kernels only."""
