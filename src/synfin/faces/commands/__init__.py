"""One module a command; each has `run(asked) -> exit status`."""
