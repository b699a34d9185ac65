"""Profiles of Slurm: what is in them is checked, and what Slurm is asked for."""

import signal
import sys
import time

import pytest

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.runners.clusters import connected
from morphoscope.ensembles.runners.slurm import read_profile

pytest.importorskip("dask_jobqueue")
GOOD = """
n_workers: 2
cores: 4
processes: 1
memory: 8GB
walltime: "02:00:00"
queue: normal
job_extra_directives: ["--qos=low"]
"""


def profile(tmp_path, text):
    path = tmp_path / "profile.yaml"
    path.write_text(text)
    return path


def test_a_profile_is_the_options_of_the_package(tmp_path):
    options = read_profile(profile(tmp_path, GOOD))
    assert options["cores"] == 4
    assert options["job_extra_directives"] == ["--qos=low"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("cores: 4", "core: 4"), "unknown option 'core' of SLURMCluster; did you mean 'cores'"),
        (("cores: 4", "cores: many"), "cores is 'many'; expected a whole number"),
        (("cores: 4", "cores: 0"), "cores is 0; use 1 or more"),
        (("cores: 4", "cores: true"), "cores is True; expected a whole number"),
        (("memory: 8GB", ""), "does not give memory; add the memory per job"),
        (('"02:00:00"', "12:00:00"), "walltime is 43200; expected text; put it in quotes"),
        (("cores: 4", "asynchronous: true"), "unknown option 'asynchronous'"),
        (("cores: 4", "cores: ["), "can't be read as YAML"),
    ],
)
def test_a_wrong_profile_is_refused_in_one_line(tmp_path, change, message):
    with pytest.raises(UsageError, match=message) as refused:
        read_profile(profile(tmp_path, GOOD.replace(*change)))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "7\n", "1: 2\n"])
def test_a_file_without_options_is_refused(tmp_path, text):
    with pytest.raises(UsageError, match="holds no options"):
        read_profile(profile(tmp_path, text))


def test_no_object_is_made_from_yaml(tmp_path):
    with pytest.raises(UsageError, match="can't be read as YAML"):
        read_profile(profile(tmp_path, "cores: !!python/object/apply:os.getpid []\n"))


def test_slurm_gets_a_job_per_worker_and_they_are_cancelled(tmp_path, monkeypatch):
    log = tmp_path / "log"
    for command in ("sbatch", "scancel"):
        script = tmp_path / command
        script.write_text(
            f'#!/bin/sh\necho {command} "$@" >> {log}\n[ {command} = sbatch ] && cat "$1" >> {log}\necho job 17\n'
        )
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    path = profile(tmp_path, GOOD + "scheduler_options: {host: 127.0.0.1, dashboard_address: null}\n")
    with connected(f"slurm:{path}") as client:
        assert client.nthreads() == {}
        end = time.monotonic() + 30
        while time.monotonic() < end and not (log.exists() and log.read_text().count("sbatch /") == 2):
            time.sleep(0.05)
    said = log.read_text()
    for directive in ("-p normal", "--cpus-per-task=4", "-t 02:00:00", "--qos=low"):
        assert f"#SBATCH {directive}" in said
    assert said.count("scancel 17") == 2


def test_without_slurm_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="sbatch was not found"), connected(f"slurm:{profile(tmp_path, GOOD)}"):
        pass


def test_ctrl_c_is_as_before(tmp_path, monkeypatch):
    """The package for Slurm replaces its handler when it is imported."""
    for name in [name for name in sys.modules if name.split(".")[0] == "dask_jobqueue"]:
        monkeypatch.delitem(sys.modules, name)
    before = signal.getsignal(signal.SIGINT)
    read_profile(profile(tmp_path, GOOD))
    assert "dask_jobqueue.runner" in sys.modules
    assert signal.getsignal(signal.SIGINT) is before
