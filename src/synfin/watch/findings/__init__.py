from synfin.watch.findings.fleet import fleet
from synfin.watch.findings.judge import judge
from synfin.watch.findings.known import KNOWN

__all__ = ["KNOWN", "fleet", "judge"]
