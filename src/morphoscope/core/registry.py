"""Registries of named objects: models, networks, engines and so on are all registered and found by this mechanism.

An entry is an object, or the location of its code, which is imported when the entry is first needed. So names can be
listed and checked without loading a compiler or a deep-learning library.
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
    """Objects of one kind by name, listed in alphabetical order.

    Parameters
    ----------
    kind
        The kind in the singular, for error messages: ``unknown model 'gray_scot'``.

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

    def add(self, name: str, value: T) -> None:
        """Register an object."""
        self._loaders[name] = lambda: value

    def register(self, name: str) -> Callable[[F], F]:
        """A decorator that registers the function or class that it decorates."""

        def decorate(value: F) -> F:
            self.add(name, value)  # type: ignore[arg-type]
            return value

        return decorate

    def add_code(self, name: str, location: str) -> None:
        """Register ``package.module:attribute``, imported at the first :meth:`get`."""
        module, _, attribute = location.partition(":")
        self._loaders[name] = lambda: getattr(importlib.import_module(module), attribute)

    def add_package(self, package: str, kind: type[Any]) -> None:
        """Register every module of a package: ``gray_scott.py`` defines the ``kind`` whose ``name`` is ``gray-scott``.

        The names are those of the files; a module is imported at the first :meth:`get`. Files whose names begin with an
        underscore are left out.
        """

        def find() -> dict[str, Callable[[], T]]:
            found = pkgutil.iter_modules(importlib.import_module(package).__path__)
            modules = [info.name for info in found if not info.name.startswith("_")]
            return {name.replace("_", "-"): _instance(f"{package}.{name}", kind) for name in modules}

        self.add_finder(find)

    def add_finder(self, find: Finder[T]) -> None:
        """Register the loaders by name that ``find`` returns; it is called when the names are first needed."""
        self._finders.append(find)

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._found())

    def get(self, name: str) -> T:
        """The object with that name. Raises UsageError, with the nearest name, if there is none."""
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
    """A loader of the object of type ``kind`` that a module defines under the module's own name."""
    expected = module.rpartition(".")[2].replace("_", "-")

    def load() -> Any:
        for value in vars(importlib.import_module(module)).values():
            if isinstance(value, kind) and value.name == expected:
                return value
        raise ImportError(f"{module} defines no {kind.__name__} named {expected!r}; name the file after it")

    return load
