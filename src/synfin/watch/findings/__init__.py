from synfin.watch.findings.fleet import fleet
from synfin.watch.findings.judge import judge
from synfin.watch.findings.known import KNOWN
from synfin.watch.findings.seen import Seen, seen
from synfin.watch.findings.translated import Initial, going_on_elsewhere, initial
from synfin.watch.findings.weaken import resting_on_absence_softened

__all__ = [
    "KNOWN", "Initial", "Seen", "fleet", "going_on_elsewhere", "initial", "judge", "resting_on_absence_softened",
    "seen",
]  # fmt: skip
