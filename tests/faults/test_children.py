"""The children of the campaigns: an interruption at any moment ends the child and not the campaign."""

import os
import signal
import time

from tests.faults import children


def test_an_interruption_just_after_the_fork_ends_the_child_only(tmp_path, monkeypatch):
    fork = os.fork

    def fork_and_interrupt():
        pid = fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return pid

    monkeypatch.setattr(os, "fork", fork_and_interrupt)
    outcome = children.run(lambda: "worked", tmp_path / "report.json")
    assert (outcome.code, outcome.value) == (130, None)


def test_a_signal_that_the_campaign_ignores_ends_its_child(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as below nohup
    try:
        child = children.Child(lambda: ((tmp_path / "works").touch(), time.sleep(30)), tmp_path / "report.json")
        while not (tmp_path / "works").exists():
            time.sleep(0.01)
        child.send(signal.SIGHUP)
        assert child.wait().code == -signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_interrupted_campaign_leaves_no_child(tmp_path, monkeypatch):
    child = children.Child(lambda: time.sleep(30), tmp_path / "report.json")

    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(child, "_status", interrupt)
    try:
        child.wait()
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted
    try:
        os.kill(child.pid, 0)
    except ProcessLookupError:
        gone = True
    assert gone
