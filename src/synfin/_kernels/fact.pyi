"""The kernel `fact` has nothing for Python: `follow` calls it."""
