"""The lab: scenarios that run for real, in a private network."""

from synfin.lab.check import Report, Row, attempt, check
from synfin.lab.doctor import Check, examine
from synfin.lab.experiment import Event, LabForbidden, LabRun, Place, list_scenarios, run
from synfin.lab.recording import commented, save
from synfin.lab.referee import ResetRuling, Ruling, judge
from synfin.lab.scenario import DEFAULT, Scenario
from synfin.lab.script import Script
from synfin.lab.series import Result, run_all
from synfin.lab.signature import Match
from synfin.lab.trial import Trial, perform

__all__ = [
    "DEFAULT",
    "Check",
    "Event",
    "LabForbidden",
    "LabRun",
    "Match",
    "Place",
    "Report",
    "ResetRuling",
    "Result",
    "Row",
    "Ruling",
    "Scenario",
    "Script",
    "Trial",
    "attempt",
    "check",
    "commented",
    "examine",
    "judge",
    "list_scenarios",
    "perform",
    "run",
    "run_all",
    "save",
]
