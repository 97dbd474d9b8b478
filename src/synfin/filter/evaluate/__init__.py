"""From a checked filter to a predicate over packets."""
