"""The kernel `collect` has nothing for Python: `follow` calls it."""
