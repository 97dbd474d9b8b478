from synfin.watch.opinion.court import judge
from synfin.watch.opinion.incarnations import Incarnation, incarnations
from synfin.watch.opinion.record import Hole, Kind, Opinion

__all__ = ["Hole", "Incarnation", "Kind", "Opinion", "incarnations", "judge"]
