from synfin.watch.compare.clocks import Clocks, compare_clocks
from synfin.watch.compare.compare import Compared, Comparison, compare
from synfin.watch.compare.match import Heard, Matched
from synfin.watch.compare.verdicts import Decision

__all__ = ["Clocks", "Compared", "Comparison", "Decision", "Heard", "Matched", "compare", "compare_clocks"]
