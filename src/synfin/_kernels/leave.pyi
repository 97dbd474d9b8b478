"""The kernel `leave` has nothing for Python: `follow` calls it."""
