from synfin.watch.findings.fleet import fleet
from synfin.watch.findings.judge import judge
from synfin.watch.findings.known import KNOWN
from synfin.watch.findings.seen import Seen, seen

__all__ = ["KNOWN", "Seen", "fleet", "judge", "seen"]
