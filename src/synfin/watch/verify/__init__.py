from synfin.watch.verify.ruling import Ruling
from synfin.watch.verify.segment import Judged, judge_segments
from synfin.watch.verify.statistics import Statistic, Statistics
from synfin.watch.verify.verify import verify

__all__ = ["Judged", "Ruling", "Statistic", "Statistics", "judge_segments", "verify"]
