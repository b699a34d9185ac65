"""The kernel of one row: a sweep over its cells, in vectors, from the first column to the last.

A row of W cells consists of C = W/L vectors of L lanes. Lane l of vector c is column l·C + c (a "dimension-lifted"
layout), so the neighbours in x are the vectors c ± 1. Only the two ends need a lane rotation. It yields the periodic
boundary at no cost, and the other two boundaries by replacing the lane at the edge.

The 9-point stencil ¼(1 2 1)ᵀ(1 2 1) is computed as two running pair sums, along y and along x. The 5-point stencil is
left plus right plus the vertical sum.
"""

from __future__ import annotations

import dataclasses

from llvmlite import ir

from morphoscope.engines.cpu.tracing import Slot, StepProgram
from morphoscope.engines.cpu.vectors import Lanes, Vec, integer, repeated
from morphoscope.engines.grid import Grid

UNROLLED_COLUMNS = 8  # a row of 128 cells, as in the paper, becomes straight-line code


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a field is read: pointers to its vectors in this row, in the row above and in the row below.

    ``buffer``: the row above is a buffer that this sweep updates, because the sweep overwrites the field itself. The
    buffer contains the sum of the two previous rows (``pairs``) or the previous row.
    """

    cells: ir.Value
    above: ir.Value | None
    below: ir.Value | None
    buffer: bool = False
    pairs: bool = False


Column = dict[str, Vec]  # one column of a field: cell, vertical sum, vertical difference
Columns = dict[str, Column]  # by field


class RowWriter:
    """Writes the code of one sweep over one row."""

    def __init__(self, program: StepProgram, grid: Grid, lanes: Lanes, number: int, unroll: int) -> None:
        self.program, self.grid, self.lanes, self.number = program, grid, lanes, number
        self.sweep, self.unroll = program.sweeps[number], unroll
        self.columns = grid.width // lanes.count

    def write(
        self,
        builder: ir.IRBuilder,
        sources: dict[str, Source],
        targets: list[ir.Value],
        parameters: dict[str, ir.Value],
        numbers: list[Vec],
        noise: dict[str, ir.Value],
    ) -> None:
        """Append the sweep to ``builder``.

        ``targets``: where the quantities are stored; ``parameters``: rows of the parameters that vary in space;
        ``noise``: rows of normal numbers, by species.
        """
        self.builder, self.sources, self.numbers = builder, sources, numbers
        count = self.columns

        def finish(index: ir.Value, here: Columns, carried: Columns, right: Columns, following: Columns) -> None:
            cells = {field: column["cell"] for field, column in here.items()}
            cells |= {name: self.lanes.load(builder, row, index) for name, row in parameters.items()}
            seen = {
                (operator, field): self._seen(operator, here[field], carried[field], right[field], following[field])
                for field, operators in self.sweep.needs.items()
                for operator in operators
            }
            random = {species: self.lanes.load(builder, row, index) for species, row in noise.items()}
            new = self.program.emit(self.number, numbers, cells, seen, random)
            for vector, target in zip(new, targets, strict=True):
                self.lanes.store(builder, vector, target, index)

        last, first = self._load_column(integer(count - 1)), self._load_column(integer(0))
        before, after = self._beyond(last, first, -1), self._beyond(first, last, 1)
        carried = self._carry_over(before, first)
        flat = _FlatColumns(first, carried)

        def advance(index: ir.Value, vectors: list[Vec]) -> list[Vec]:
            here, carried = flat.read(vectors)
            right = self._load_column(builder.add(index, integer(1)))
            following = self._carry_over(here, right)
            finish(index, here, carried, right, following)
            return flat.write(right, following)

        vectors = repeated(builder, count - 2, flat.write(first, carried), advance, self.unroll)
        here, carried = flat.read(vectors)
        following = self._carry_over(here, last)
        finish(integer(count - 2), here, carried, last, following)
        finish(integer(count - 1), last, following, after, self._carry_over(last, after))

    def _load_column(self, index: ir.Value) -> Columns:
        """Load a column of every field that is read, and add along y."""
        loaded = {}
        for field, operators in self.sweep.needs.items():
            source = self.sources[field]
            cell = self.lanes.load(self.builder, source.cells, index)
            column: Column = {"cell": cell}
            if operators & {"laplace", "dy"}:
                column |= self._vertical(source, cell, index, operators)
            loaded[field] = column
        return loaded

    def _vertical(self, source: Source, cell: Vec, index: ir.Value, operators: frozenset[str]) -> Column:
        above, below = (self.lanes.load(self.builder, row, index) for row in (source.above, source.below))
        found: Column = {}
        if source.pairs:
            pair = cell + below
            found["vertical"] = above + pair
            self.lanes.store(self.builder, pair, source.above, index)
            return found
        if "dy" in operators:
            found["slope"] = below - above
        if "laplace" in operators:
            ends = above + below
            two = self.lanes.constant(self.builder, 2.0)
            found["vertical"] = two.times_plus(cell, ends) if self.grid.stencil == 9 else ends
        if source.buffer:
            self.lanes.store(self.builder, cell, source.above, index)
        return found

    def _beyond(self, near: Columns, edge: Columns, by: int) -> Columns:
        """The column beyond an end of the row. ``near``: the column at the other end; ``edge``: the one at this end."""
        kind = self.grid.along("x")
        found = {}
        for field, column in near.items():
            found[field] = {
                name: column[name].rotated(by, self._edge(kind, field, name, edge[field]))
                for name in self._across(field)
            }
        return found

    def _edge(self, kind: str, field: str, name: str, column: Column) -> Vec | None:
        if kind == "periodic":
            return None
        if kind == "no-flux":
            return column[name]
        value = self.numbers[self.program.slots[Slot("beyond", field)]]
        return value * self.lanes.constant(self.builder, 4.0) if name == "vertical" else value

    def _across(self, field: str) -> list[str]:
        """The parts of a column that its neighbours in x need."""
        operators, nine = self.sweep.needs[field], self.grid.stencil == 9
        wanted = {
            "vertical": "laplace" in operators and nine,
            "cell": "dx" in operators or ("laplace" in operators and not nine),
        }
        return [name for name, needed in wanted.items() if needed]

    def _carry_over(self, left: Columns, here: Columns) -> Columns:
        """What a column takes from its left neighbour: the sum of both vertical sums, or the cell."""
        return {
            field: {
                name: left[field][name] + here[field][name] if name == "vertical" else left[field][name]
                for name in self._across(field)
            }
            for field in here
        }

    def _seen(self, operator: str, here: Column, carried: Column, right: Column, following: Column) -> Vec:
        """The neighbour sum, or the difference of neighbours, that an operator needs."""
        if operator == "dx":
            return right["cell"] - carried["cell"]
        if operator == "dy":
            return here["slope"]
        if self.grid.stencil == 9:
            return carried["vertical"] + following["vertical"]
        return (carried["cell"] + right["cell"]) + here["vertical"]


class _FlatColumns:
    """Converts columns of several fields to the flat list of vectors that a loop carries, and back."""

    def __init__(self, here: Columns, carried: Columns) -> None:
        self.keys = [(n, f, name) for n, group in enumerate((here, carried)) for f, c in group.items() for name in c]
        self.fields = list(here)

    def write(self, here: Columns, carried: Columns) -> list[Vec]:
        return [(here, carried)[n][field][name] for n, field, name in self.keys]

    def read(self, vectors: list[Vec]) -> tuple[Columns, Columns]:
        groups: tuple[Columns, Columns] = ({f: {} for f in self.fields}, {f: {} for f in self.fields})
        for (n, field, name), vector in zip(self.keys, vectors, strict=True):
            groups[n][field][name] = vector
        return groups
