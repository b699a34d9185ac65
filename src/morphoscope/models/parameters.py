"""The parameters of one run, checked and complete: the only form that is used between user input and kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from morphoscope.models.spatial import Spatial


class Parameters(Mapping[str, Any]):
    """All parameters of a model by name: those that a run sets, and the model's defaults for the rest.

    :meth:`.Model.complete` creates them and checks every value. They are immutable and hashable. Two of them are equal
    if all values are equal, whether set by the run or defaults.

    Parameters
    ----------
    given
        The values that are set, in the model's order.
    defaults
        The model's defaults, in the model's order.

    Examples
    --------
    >>> from morphoscope.models import Parameters
    >>> parameters = Parameters({"f": 0.03}, {"f": 0.04, "k": 0.06})
    >>> parameters["k"], parameters.given
    (0.06, {'f': 0.03})
    >>> parameters
    Parameters(f=0.03, k=0.06)
    """

    __slots__ = ("_defaults", "_given")

    def __init__(self, given: Mapping[str, Any], defaults: Mapping[str, float]) -> None:
        self._given = tuple(given.items())  # a plan may contain a million of these
        self._defaults = defaults

    @property
    def given(self) -> dict[str, Any]:
        """The parameters that the run sets itself."""
        return dict(self._given)

    @property
    def uniform(self) -> dict[str, float]:
        """The parameters that are the same in all cells."""
        return {name: value for name, value in self.items() if not isinstance(value, Spatial)}

    @property
    def varying(self) -> dict[str, Spatial]:
        """The parameters that vary in space."""
        return {name: value for name, value in self._given if isinstance(value, Spatial)}  # defaults are numbers

    @property
    def lowest(self) -> dict[str, float]:
        """One number per parameter: the smallest value of those that vary in space."""
        return {name: value.bounds()[0] if isinstance(value, Spatial) else value for name, value in self.items()}

    @property
    def highest(self) -> dict[str, float]:
        """One number per parameter: the largest value of those that vary in space."""
        return {name: value.bounds()[1] if isinstance(value, Spatial) else value for name, value in self.items()}

    @property
    def middle(self) -> dict[str, float]:
        """One number per parameter: the middle of the range of those that vary in space."""
        return {name: sum(value.bounds()) / 2 if isinstance(value, Spatial) else value for name, value in self.items()}

    @property
    def defaults(self) -> Mapping[str, float]:
        """The model's defaults."""
        return self._defaults

    def with_given(self, other: Parameters) -> Parameters:
        """Merge with ``other`` parameters of the same model, whose given values take precedence."""
        both = {**self.given, **other.given}
        return Parameters({name: both[name] for name in self._defaults if name in both}, self._defaults)

    def __getitem__(self, name: str) -> Any:
        for key, value in self._given:
            if key == name:
                return value
        return self._defaults[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._defaults)

    def __len__(self) -> int:
        return len(self._defaults)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Parameters) and self._given == other._given and self._defaults is other._defaults:
            return True
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    def __lt__(self, other: Parameters) -> bool:
        """Order by value, so that sorted lists are reproducible."""
        return _order(self) < _order(other)

    def __repr__(self) -> str:
        return f"Parameters({', '.join(f'{name}={value!r}' for name, value in self.items())})"


def _order(parameters: Parameters) -> list[tuple[Any, ...]]:
    return [(v.bounds(), repr(v)) if isinstance(v, Spatial) else ((v, v), "") for v in parameters.values()]
