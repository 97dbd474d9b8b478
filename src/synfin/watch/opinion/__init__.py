from synfin.watch.opinion.court import judge
from synfin.watch.opinion.record import Hole, Kind, Opinion

__all__ = ["Hole", "Kind", "Opinion", "judge"]
