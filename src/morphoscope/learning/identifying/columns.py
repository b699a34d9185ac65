"""Examples as arrays with one row each, which are joined, chosen and stored together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, eq=False)
class Columns:
    """Base of dataclasses whose fields are arrays of the same length."""

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in dataclasses.fields(cls)))

    def at(self, rows: NDArray[Any]) -> Self:
        """Some rows."""
        return type(self)(*(getattr(self, f.name)[rows] for f in dataclasses.fields(self)))

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        np.savez(path, **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an .npz file."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(*(arrays[f.name] for f in dataclasses.fields(cls)))
