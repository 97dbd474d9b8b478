"""The kernel `record` has nothing for Python: `follow` calls it."""
