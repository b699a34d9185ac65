"""The kernel: LLVM code that advances one run by n explicit Euler steps, in place, on a periodic grid.

Layout. A row of W cells is C = W/L vectors of L lanes; lane l of vector c is column l·C + c ("dimension-lifted"),
so the neighbours in x are the vectors c ± 1, and only at the two ends a lane rotation is needed, which is the
periodic boundary. The state is row after row, species after species within a row: (height, species, C, L).

Sweep. A time level goes once over all rows. What it needs of the row above, which it has already changed, waits in
the buffer ``above``; the first row that it changed waits in ``first`` for the last one. Level l starts at row l and
follows level l − 1 at a distance of two rows, so several levels are in the first-level cache at once and each
meets finished rows only. Every level does the same arithmetic, so fusing changes no bit.

Stencils. 9 points: ``above`` holds the sum of the two rows before, and ¼(1 2 1)ᵀ(1 2 1) is two running pair sums.
5 points: ``above`` holds the old row.
"""

from __future__ import annotations

import dataclasses

from llvmlite import ir

from morphoscope.engines.grid import Grid
from morphoscope.engines.native import denormals_flushed
from morphoscope.engines.tracing import StepProgram
from morphoscope.engines.vectors import INT, Lanes, Vec, counted_loop, integer, repeated

POINTER = ir.PointerType()
MAX_LANES = 16
UNROLLED_COLUMNS = 8  # so that the paper's row of 128 cells is straight code


def lane_count(width: int) -> int:
    """The widest vector that divides a row into at least two columns (or one cell a vector)."""
    lanes = MAX_LANES
    while lanes > 1 and (width % lanes or width // lanes < 2):
        lanes //= 2
    return lanes


@dataclasses.dataclass(frozen=True)
class Row:
    """What the kernel of one row works on: base pointers of lifted rows."""

    cells: ir.Value  # the row that is advanced, in place
    below: ir.Value  # the next row, old
    above: ir.Value  # buffer, see the module's text; updated


class KernelWriter:
    """Writes the LLVM module of one (model, grid, fused levels)."""

    def __init__(self, program: StepProgram, grid: Grid, levels: int) -> None:
        self.program, self.grid, self.levels = program, grid, levels
        self.lanes = Lanes(lane_count(grid.width))
        self.columns = grid.width // self.lanes.count
        self.species = len(program.fields)
        self.row_vectors = self.species * self.columns
        self.module = ir.Module("morphoscope")

    @property
    def work_bytes(self) -> int:
        """Size of the work space: ``above`` and ``first`` for each level."""
        return 2 * self.levels * self.row_vectors * self.lanes.bytes

    def write(self) -> str:
        """The text of the module; its one public function is ``advance(state, steps, numbers, work)``."""
        self.row = self._row_function()
        sweeps = {n: self._sweep_function(n) for n in sorted({1, self.levels})}
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [POINTER, INT, POINTER, POINTER]), "advance")
        state, steps, numbers, work = function.args
        builder = ir.IRBuilder(function.append_basic_block())
        with denormals_flushed(builder):
            done = integer(0)
            for count in sorted(sweeps, reverse=True):
                blocks = builder.sdiv(builder.sub(steps, done), integer(count))
                with counted_loop(builder, integer(0), blocks):
                    builder.call(sweeps[count], [state, numbers, work])
                done = builder.add(done, builder.mul(blocks, integer(count)))
        builder.ret_void()
        return str(self.module)

    def _row_function(self) -> ir.Function:
        """Advance one row by one step."""
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [POINTER] * 4), "advance_row")
        function.linkage = "internal"
        function.attributes.add("alwaysinline")
        for argument in function.args:
            argument.add_attribute("noalias")
        builder = ir.IRBuilder(function.append_basic_block())
        row = Row(*function.args[:3])
        numbers = [
            self.lanes.broadcast(builder, self._number(builder, function.args[3], i)) for i in range(self.program.count)
        ]
        emit = {9: self._nine_points, 5: self._five_points}[self.grid.stencil]
        emit(builder, row, numbers)
        builder.ret_void()
        return function

    @staticmethod
    def _number(builder: ir.IRBuilder, numbers: ir.Value, index: int) -> ir.Value:
        address = builder.gep(numbers, [integer(index)], source_etype=ir.FloatType())
        return builder.load(address, typ=ir.FloatType())

    def _at(self, builder: ir.IRBuilder, column: ir.Value) -> list[ir.Value]:
        """Index of a column's vector, one a species."""
        return [builder.add(column, integer(s * self.columns)) for s in range(self.species)]

    def _load(self, builder: ir.IRBuilder, row: ir.Value, column: ir.Value) -> list[Vec]:
        return [self.lanes.load(builder, row, i) for i in self._at(builder, column)]

    def _store(self, builder: ir.IRBuilder, vectors: list[Vec], row: ir.Value, column: ir.Value) -> None:
        for vector, index in zip(vectors, self._at(builder, column), strict=True):
            self.lanes.store(builder, vector, row, index)

    def _nine_points(self, builder: ir.IRBuilder, row: Row, numbers: list[Vec]) -> None:
        def enter(column: ir.Value, *, keep: bool = True) -> tuple[list[Vec], list[Vec]]:
            """The cells of a column and its vertical sum 1·above + 2·centre + 1·below."""
            cells = self._load(builder, row.cells, column)
            pair = _add(cells, self._load(builder, row.below, column))
            vertical = _add(self._load(builder, row.above, column), pair)
            if keep:
                self._store(builder, pair, row.above, column)
            return cells, vertical

        last = integer(self.columns - 1)
        _, vertical_last = enter(last, keep=False)
        cells, vertical = enter(integer(0))
        wrapped = [v.rotated(1) for v in vertical]
        pair = _add([v.rotated(-1) for v in vertical_last], vertical)
        species = self.species

        def advance(column: ir.Value, carried: list[Vec]) -> list[Vec]:
            cells, vertical, pair = (carried[i * species : (i + 1) * species] for i in range(3))
            next_cells, next_vertical = enter(builder.add(column, integer(1)))
            next_pair = _add(vertical, next_vertical)
            new = self.program.emit(numbers, cells, _add(pair, next_pair))
            self._store(builder, new, row.cells, column)
            return [*next_cells, *next_vertical, *next_pair]

        carried = repeated(builder, self.columns - 1, [*cells, *vertical, *pair], advance, UNROLLED_COLUMNS)
        cells, vertical, pair = (carried[i * species : (i + 1) * species] for i in range(3))
        new = self.program.emit(numbers, cells, _add(pair, _add(vertical, wrapped)))
        self._store(builder, new, row.cells, last)

    def _five_points(self, builder: ir.IRBuilder, row: Row, numbers: list[Vec]) -> None:
        def finish(left: list[Vec], cells: list[Vec], right: list[Vec], column: ir.Value) -> None:
            vertical = _add(self._load(builder, row.above, column), self._load(builder, row.below, column))
            new = self.program.emit(numbers, cells, _add(_add(left, right), vertical))
            self._store(builder, cells, row.above, column)
            self._store(builder, new, row.cells, column)

        last = integer(self.columns - 1)
        left = [v.rotated(-1) for v in self._load(builder, row.cells, last)]
        cells = self._load(builder, row.cells, integer(0))
        wrapped = [v.rotated(1) for v in cells]
        species = self.species

        def advance(column: ir.Value, carried: list[Vec]) -> list[Vec]:
            left, cells = carried[:species], carried[species:]
            right = self._load(builder, row.cells, builder.add(column, integer(1)))
            finish(left, cells, right, column)
            return [*cells, *right]

        carried = repeated(builder, self.columns - 1, [*left, *cells], advance, UNROLLED_COLUMNS)
        finish(carried[:species], carried[species:], wrapped, last)

    def _sweep_function(self, levels: int) -> ir.Function:
        """Advance the whole state by ``levels`` fused steps."""
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [POINTER] * 3), f"sweep_{levels}")
        function.linkage = "internal"
        # Not inlined: arithmetic must not move across the switching of the denormal mode in the caller.
        function.attributes.add("noinline")
        state, numbers, work = function.args
        state.add_attribute("noalias")
        work.add_attribute("noalias")
        builder = ir.IRBuilder(function.append_basic_block())
        height = integer(self.grid.height)
        turns = integer(self.grid.height + 2 * (levels - 1))
        with counted_loop(builder, integer(0), turns) as (turn, _):
            for level in range(levels):
                done = builder.sub(turn, integer(2 * level))  # rows this level has finished
                active = builder.and_(
                    builder.icmp_signed(">=", done, integer(0)),
                    builder.icmp_signed("<", done, height),
                )
                with builder.if_then(active, likely=True):
                    self._level_row(builder, state, numbers, work, level, done)
        builder.ret_void()
        return function

    def _level_row(
        self,
        builder: ir.IRBuilder,
        state: ir.Value,
        numbers: ir.Value,
        work: ir.Value,
        level: int,
        done: ir.Value,
    ) -> None:
        height = integer(self.grid.height)

        def wrapped(index: ir.Value) -> ir.Value:
            over = builder.icmp_signed(">=", index, height)
            return builder.select(over, builder.sub(index, height), index)

        def pointer(base: ir.Value, rows: ir.Value) -> ir.Value:
            index = builder.mul(rows, integer(self.row_vectors))
            return builder.gep(base, [index], source_etype=self.lanes.type)

        start = level % self.grid.height
        here = wrapped(builder.add(done, integer(start)))
        cells = pointer(state, here)
        above = pointer(work, integer(2 * level))
        first = pointer(work, integer(2 * level + 1))
        with builder.if_then(builder.icmp_signed("==", done, integer(0)), likely=False):
            before = pointer(state, integer((start - 1) % self.grid.height))
            with counted_loop(builder, integer(0), integer(self.row_vectors)) as (i, _):
                old = self.lanes.load(builder, cells, i)
                up = self.lanes.load(builder, before, i)
                self.lanes.store(builder, old, first, i)
                self.lanes.store(builder, up + old if self.grid.stencil == 9 else up, above, i)
        at_end = builder.icmp_signed("==", done, integer(self.grid.height - 1))
        following = pointer(state, wrapped(builder.add(here, integer(1))))
        below = builder.select(at_end, first, following)
        builder.call(self.row, [cells, below, above, numbers])


def _add(a: list[Vec], b: list[Vec]) -> list[Vec]:
    return [x + y for x, y in zip(a, b, strict=True)]
