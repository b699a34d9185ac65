"""Ensembles on clusters of Dask: the same bytes as with threads, whatever happens to the workers."""

import os
import signal
import threading
from pathlib import Path

import pytest

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.engines import get_engine
from morphoscope.ensembles import carry_out
from morphoscope.ensembles.execution import pending_batches
from morphoscope.ensembles.runners import Worker
from morphoscope.ensembles.runners.clusters import connected
from morphoscope.ensembles.runners.dask import DaskRunner
from morphoscope.ensembles.runners.dispatch import LostClusterError
from morphoscope.ensembles.runners.workers import check_worker
from morphoscope.ensembles.store import Ensemble

pytest.importorskip("distributed")
HERE = Path(__file__).parent


def small_plan(**changes):
    """64 runs in four shards, with the noise that depends on seeds."""
    settings = {"grid": {"f": (0.02, 0.05, 8), "k": (0.05, 0.065, 8)}, "size": 128, "until": 40, "initial": "noise"}
    return morphoscope.scan_plan("gray-scott", **{**settings, **changes})


def files(folder):
    """The bytes of all files but the ledger, which holds durations."""
    found = (path for path in Path(folder).rglob("*") if path.is_file() and not path.name.startswith("ledger"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def deadly(tmp_path_factory):
    """The file with the seeds of runs that kill their process."""
    file = tmp_path_factory.mktemp("deadly") / "seeds"
    file.write_text("")
    return file


@pytest.fixture(scope="module")
def client(deadly):
    """Two worker processes of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{HERE / 'deadly'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        patch.setenv("DEADLY_SEEDS", str(deadly))
        with connected("local:2") as client:
            yield client


@pytest.fixture(scope="module")
def by_threads(tmp_path_factory):
    """The same ensemble, simulated by threads."""
    return carry_out(small_plan(), tmp_path_factory.mktemp("threads") / "ensemble")


def test_bytes_do_not_depend_on_the_runner(client, by_threads, tmp_path):
    made = carry_out(small_plan(), tmp_path / "ensemble", runner=DaskRunner(client))
    assert files(made.folder) == files(by_threads.folder)
    assert set(made.status()) == {"done"}


class Answers:
    """A client whose workers answer so, one answer a call."""

    status = "running"

    def __init__(self, *answers):
        self.answers = list(answers)

    def run(self, *_, **__):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_worker_or_connection_that_goes_during_the_check_is_no_error():
    runner, good = DaskRunner("local:1"), {"host": "a", "problem": None}
    asked = Answers(OSError("closed"), {}, {"tcp://a": good, "tcp://b": OSError("closed")})
    assert runner._check_workers(asked, None, threading.Event(), check_worker)
    assert not asked.answers


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ModuleNotFoundError("No module named 'morphoscope'"), "tcp://b can't load morphoscope"),
        ({"host": "b", "problem": "the worker on b does not see /data"}, "does not see /data"),
    ],
)
def test_a_worker_that_can_not_do_the_work_is_named(answer, message):
    with pytest.raises(UsageError, match=message):
        DaskRunner("local:1")._check_workers(Answers({"tcp://b": answer}), None, threading.Event(), check_worker)


class Said:
    """A reporter that keeps messages and counts."""

    def __init__(self):
        self.lines, self.count = [], 0

    def task(self, title, total, unit, done=0):
        self.count = done
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def advance(self, count=1, note=""):
        self.count += count

    def message(self, text):
        self.lines.append(text)


def test_progress_counts_each_run_once_and_shows_the_dashboard(client, tmp_path):
    said = Said()
    morphoscope.ensemble(small_plan(), tmp_path / "ensemble", cluster=client, progress=said)
    assert said.count == 64
    assert [line for line in said.lines if line.startswith("dashboard of the cluster: http://")]


def test_a_run_that_kills_its_worker_fails_alone(client, by_threads, deadly, tmp_path):
    plan = small_plan()
    deadly.write_text(str(plan.runs[20].seed))
    try:
        made = carry_out(plan, tmp_path / "ensemble", runner=DaskRunner(client))
    finally:
        deadly.write_text("")
    assert made.ledger.failures() == {20: None}
    assert made.status().count("done") == 63
    runs = [run for run in range(64) if run != 20]
    assert (made.frames(runs) == by_threads.frames(runs)).all()


def test_an_interruption_keeps_what_is_finished(client, tmp_path):
    plan = small_plan(until=200, noise=0.01)  # slow enough that batches are under way
    folder = tmp_path / "ensemble"
    made = Ensemble.create(plan, folder)
    shards = made.shards(writable=True)
    worker = Worker(plan, get_engine("cpu"), shards, threading.Event())
    runner = DaskRunner(client)
    for stored in runner.run(worker, pending_batches(shards, made.states()), lambda count: None):
        made.commit([stored])
        worker.stop.set()
    made.commit(runner.stop()[0])
    assert 0 < made.status().count("done") < 64
    assert not list(folder.rglob("*.partial"))
    carry_out(plan, folder, runner=DaskRunner(client))
    assert files(folder) == files(carry_out(plan, tmp_path / "threads").folder)


def test_without_its_scheduler_it_ends_in_one_line_and_continues(tmp_path):
    from distributed import Client, LocalCluster

    plan, folder = small_plan(until=2000), tmp_path / "ensemble"  # long enough not to end before the scheduler

    class Ending(Said):
        def advance(self, count=1, note=""):
            super().advance(count)
            cluster.close()

    settings = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with (
        LocalCluster(**settings) as cluster,
        Client(cluster.scheduler_address, timeout=1) as client,
        pytest.raises(LostClusterError, match="the same call continues"),
    ):
        carry_out(plan, folder, runner=DaskRunner(client), progress=Ending())
    before = Ensemble(folder).status().count("done")
    assert 0 < before < 64
    carry_out(plan, folder)
    whole = carry_out(plan, tmp_path / "whole")
    assert files(folder).keys() == files(whole.folder).keys()
    assert (Ensemble(folder).frames(range(64)) == whole.frames(range(64))).all()


def test_workers_that_are_lost_are_replaced(client, by_threads, tmp_path):
    class Killing(Said):
        def advance(self, count=1, note=""):
            if not self.lines_of_death:
                self.lines_of_death = [os.kill(pid, signal.SIGKILL) for pid in pids]

        lines_of_death = ()

    pids = list(client.run(os.getpid).values())[:1]
    made = carry_out(small_plan(), tmp_path / "ensemble", runner=DaskRunner(client), progress=Killing())
    assert set(made.status()) == {"done"}
    assert files(made.folder) == files(by_threads.folder)


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("local:0", "names no number of processes"),
        ("local:many", "names no number of processes"),
        ("pbs:profile.yaml", "is unknown; expected tcp://HOST:PORT"),
        ("here", "is unknown; expected tcp://HOST:PORT"),
        (7, "is neither a text nor a distributed.Client"),
        ("slurm:nowhere.yaml", "there is no profile nowhere.yaml"),
    ],
)
def test_what_names_no_cluster_is_refused_before_anything_is_written(cluster, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        morphoscope.ensemble(small_plan(), tmp_path / "ensemble", cluster=cluster)
    assert not (tmp_path / "ensemble").exists()


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("morphoscope.ensembles.runners.clusters.CONNECT_SECONDS", 0.5)
    with pytest.raises(UsageError, match=r"no scheduler answers at tcp://127.0.0.1:9 "):
        morphoscope.ensemble(small_plan(), tmp_path / "ensemble", cluster="tcp://127.0.0.1:9")
    assert not (tmp_path / "ensemble").exists()


def test_threads_of_this_process_and_a_cluster_exclude_each_other(tmp_path):
    with pytest.raises(UsageError, match="workers counts threads of this process"):
        morphoscope.ensemble(small_plan(), tmp_path / "ensemble", cluster="local:2", workers=2)
