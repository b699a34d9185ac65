"""The next pass, asked for by several pages."""

import concurrent.futures
import contextlib
import threading

import pytest

from morphoscope.core.errors import UsageError
from morphoscope.web.next_pass import NextPass


def test_two_pages_that_ask_at_once_start_one_pass(unchanged_workspace, tmp_path, monkeypatch):
    """Both look whether one is running before the other has begun, unless one waits for the other."""
    both, looked, done, begun = threading.Barrier(2), NextPass.running.fget, threading.Event(), []

    def running(self):
        found = looked(self)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return found

    def make():
        begun.append(tmp_path)
        done.wait(20)
        raise UsageError("enough")

    tried = NextPass(unchanged_workspace.atlas)
    with monkeypatch.context() as patched, concurrent.futures.ThreadPoolExecutor(2) as pages:
        patched.setattr(NextPass, "running", property(running))
        asked = [pages.submit(tried._work, tmp_path, make) for _ in range(2)]
        problems = [each.exception(20) for each in asked]
    done.set()
    tried._thread.join(20)
    assert begun == [tmp_path]
    with pytest.raises(UsageError, match="already being trained"):
        raise next(problem for problem in problems if problem)
