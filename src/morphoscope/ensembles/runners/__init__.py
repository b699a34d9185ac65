"""Ways to simulate the runs of an ensemble: in threads of this process, and whatever else keeps the same interface."""

from morphoscope.ensembles.runners.base import Batch, Outcome, Runner, Worker
from morphoscope.ensembles.runners.threads import ThreadRunner
from morphoscope.ensembles.store import Stored

__all__ = ["Batch", "Outcome", "Runner", "Stored", "ThreadRunner", "Worker"]
