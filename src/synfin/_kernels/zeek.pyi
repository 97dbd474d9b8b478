"""The kernel `zeek`: `follow` calls it."""

LIKELY_SERVER_PORTS: tuple[int, ...]  #: as synfin.watch.follow.zeek has them
