from synfin.watch.findings.judge import judge
from synfin.watch.findings.known import KNOWN

__all__ = ["KNOWN", "judge"]
