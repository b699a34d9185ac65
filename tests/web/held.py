"""Answers of a server that wait until a test lets them go."""

import contextlib
import threading

#: Seconds after which an answer is no longer held, so that no test hangs. A hold spans several waits for the page, each
#: of which may take 60 s.
_LONGEST = 300


class Held:
    """An action of a page that waits. ``arrived``: how many have begun."""

    def __init__(self, real, answer):
        self.real, self.answer, self.arrived = real, answer, 0
        self._free = threading.Event()

    def __call__(self, *arguments, **values):
        self.arrived += 1
        assert self._free.wait(_LONGEST), "nobody let it go"
        return self.answer(*arguments, **values)

    def release(self):
        self._free.set()

    def hold(self):
        self._free.clear()


@contextlib.contextmanager
def held_action(server, name, answer=None):
    """Hold the answers to an action; ``answer``: instead of the real one."""
    actions = server.site.channels.actions
    real = actions[name]
    held = actions[name] = Held(real, answer or real)
    try:
        yield held
    finally:
        actions[name] = real
        held.release()


@contextlib.contextmanager
def held_requests(tab, pattern):
    """Hold the requests of a tab that fit the pattern, until the block ends; a list of them."""
    held = []
    tab.route(pattern, lambda route: held.append(route))
    try:
        yield held
    finally:
        for route in held:
            route.continue_()
        tab.unroute(pattern)
