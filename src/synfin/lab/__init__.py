"""The lab: scenarios that run for real, in a private network."""

from synfin.lab.doctor import Check, examine
from synfin.lab.experiment import Event, LabForbidden, LabRun, Place, list_scenarios, run
from synfin.lab.recording import commented, save
from synfin.lab.scenario import DEFAULT, Scenario
from synfin.lab.signature import Match

__all__ = [
    "DEFAULT",
    "Check",
    "Event",
    "LabForbidden",
    "LabRun",
    "Match",
    "Place",
    "Scenario",
    "commented",
    "examine",
    "list_scenarios",
    "run",
    "save",
]
