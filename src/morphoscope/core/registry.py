"""Things by name: the one way in which models, networks, engines, initial conditions, … are registered and found.

A thing is registered as an object, or as the place of its code, which is imported when the thing is asked for. So names
can be listed and checked without loading a compiler or a deep-learning library.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from morphoscope.core.errors import UsageError, nearest

T = TypeVar("T")
F = TypeVar("F")
Finder = Callable[[], Mapping[str, Callable[[], T]]]


class Registry(Generic[T]):
    """Things of one kind by name, listed in the order of their names.

    Parameters
    ----------
    kind
        What the things are, in the singular, for error messages: ``unknown model 'gray_scot'``.

    Examples
    --------
    >>> colours = Registry("colour")
    >>> colours.add("red", 0xFF0000)
    >>> colours.names(), colours.get("red")
    (['red'], 16711680)
    >>> colours.get("rod")
    Traceback (most recent call last):
    morphoscope.core.errors.UsageError: unknown colour 'rod'; did you mean 'red'?
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._loaders: dict[str, Callable[[], T]] = {}
        self._finders: list[Finder[T]] = []

    def add(self, name: str, thing: T) -> None:
        """Register an object."""
        self._loaders[name] = lambda: thing

    def register(self, name: str) -> Callable[[F], F]:
        """A decorator that registers what it decorates."""

        def decorate(thing: F) -> F:
            self.add(name, thing)  # type: ignore[arg-type]
            return thing

        return decorate

    def add_code(self, name: str, place: str) -> None:
        """Register ``package.module:attribute``, imported at the first :meth:`get`."""
        module, _, attribute = place.partition(":")
        self._loaders[name] = lambda: getattr(importlib.import_module(module), attribute)

    def add_package(self, package: str, kind: type[Any]) -> None:
        """Register every module of a package: ``gray_scott.py`` defines the ``kind`` whose ``name`` is ``gray-scott``.

        The names are those of the files; a module is imported at the first :meth:`get`.
        """

        def find() -> dict[str, Callable[[], T]]:
            modules = [info.name for info in pkgutil.iter_modules(importlib.import_module(package).__path__)]
            return {name.replace("_", "-"): _instance(f"{package}.{name}", kind) for name in modules}

        self.add_finder(find)

    def add_finder(self, find: Finder[T]) -> None:
        """Register what ``find`` returns, a loader by name; called when the names are first asked for."""
        self._finders.append(find)

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._found())

    def get(self, name: str) -> T:
        """The thing of that name; raises UsageError with the nearest name otherwise."""
        found = self._found()
        if name not in found:
            raise UsageError(f"unknown {self.kind} {str(name)!r:.80}; {nearest(str(name)[:80], found)}")
        return found[name]()

    def __contains__(self, name: object) -> bool:
        return name in self._found()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _found(self) -> dict[str, Callable[[], T]]:
        for find in tuple(self._finders):
            for name, load in find().items():
                self._loaders.setdefault(name, load)
        self._finders.clear()
        return self._loaders


def _instance(module: str, kind: type[Any]) -> Callable[[], Any]:
    """A loader of the one object of type ``kind`` that a module defines, which has the module's name."""
    expected = module.rpartition(".")[2].replace("_", "-")

    def load() -> Any:
        for thing in vars(importlib.import_module(module)).values():
            if isinstance(thing, kind) and thing.name == expected:
                return thing
        raise ImportError(f"{module} defines no {kind.__name__} named {expected!r}; name the file after it")

    return load
