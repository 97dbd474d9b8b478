from synfin.watch.verify.ruling import Ruling
from synfin.watch.verify.segment import Judged, judge_segments
from synfin.watch.verify.verify import verify

__all__ = ["Judged", "Ruling", "judge_segments", "verify"]
