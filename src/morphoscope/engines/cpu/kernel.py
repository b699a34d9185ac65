"""The kernel: LLVM code that advances one run by n explicit Euler steps, in place.

State. Row after row, species after species within a row: (height, species, C, L), see :mod:`.row`.

Pipeline. A step is one or more passes (see :mod:`.program`), several steps are fused: together they are stages, and
stage j follows stage j − 1 at a distance of two rows, so that all are in the first-level cache at once and each meets
finished rows only. On a periodic y axis stage j starts at row j. Every stage does the same arithmetic, so fusing
changes no bit.

What a stage overwrites and still needs waits in buffers: of the row above, ``above``; the first row, for the last one,
``first``. Auxiliary fields live in a ring of rows for each stage; the rows that the wrap-around asks for once more are
kept beside the ring.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

from llvmlite import ir

from morphoscope.engines.cpu.native import denormals_flushed, widest_lanes
from morphoscope.engines.cpu.row import UNROLLED_COLUMNS, NoiseSource, RowWriter, Source
from morphoscope.engines.cpu.tracing import Slot, StepProgram
from morphoscope.engines.cpu.vectors import INT, Lanes, Vec, counted_loop, integer
from morphoscope.engines.grid import Grid

POINTER = ir.PointerType()
#: state, steps, numbers, work, varying parameters, number of the first step, key of the noise
ARGUMENTS = [POINTER, INT, POINTER, POINTER, POINTER, INT, INT]


def lane_count(width: int, widest: int = 16) -> int:
    """The widest vector that divides a row into at least two columns (or one cell a vector)."""
    lanes = widest
    while lanes > 1 and (width % lanes or width // lanes < 2):
        lanes //= 2
    return lanes


@dataclasses.dataclass(frozen=True)
class _Call:
    """The arguments of a sweep, and where its builder is."""

    builder: ir.IRBuilder
    state: ir.Value
    numbers: list[Vec]
    work: ir.Value
    varying: ir.Value
    step: ir.Value
    key: ir.Value


class KernelWriter:
    """Writes the LLVM module of one program on one grid, with so many fused steps.

    ``bits``: 32 or 64; ``unroll``: columns written out one after the other.
    """

    def __init__(
        self, program: StepProgram, grid: Grid, levels: int, bits: int = 32, unroll: int = UNROLLED_COLUMNS
    ) -> None:
        self.program, self.grid, self.levels = program, grid, levels
        self.lanes = Lanes(lane_count(grid.width, widest_lanes(bits)), bits)
        self.columns, self.unroll = grid.width // self.lanes.count, unroll
        self.species = program.model.species
        self.passes = len(program.passes)
        self.auxiliary = [program.program.auxiliary_of(number) for number in range(self.passes)]
        self.wraps = grid.along("y") == "periodic"
        self.ring = 1 << (2 * self.passes - 1).bit_length()  # rows of an auxiliary field in use at once, a power of 2
        self.module = ir.Module("morphoscope")
        self.row_operations: Counter[str] = Counter()  # what the rows that were written take, see Lanes.emitted
        self._lay_out()

    def _lay_out(self) -> None:
        """Places in the work space, in vectors: constant rows, then for each level its buffers and rings."""
        self.places: dict[tuple[str, int, int], int] = {}
        at = 0

        def reserve(kind: str, level: int, number: int, rows: int, fields: int) -> None:
            nonlocal at
            self.places[kind, level, number] = at
            at += rows * fields * self.columns

        for number in range(self.passes):
            reserve("beyond", 0, number, 1, len(self.auxiliary[number]) or len(self.species))
        for level in range(self.levels):
            reserve("above", level, 0, 1, len(self.species))
            reserve("first", level, 0, 1, len(self.species))
            for number in range(self.passes - 1):
                reserve("ring", level, number, self.passes + self.ring, len(self.auxiliary[number]))
        self.work_bytes = at * self.lanes.bytes

    def write(self) -> str:
        """The text of the module; its one public function is ``advance``, with :data:`ARGUMENTS`."""
        sweeps = {n: self._sweep_function(n) for n in sorted({1, self.levels})}
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), ARGUMENTS), "advance")
        state, steps, numbers, work, varying, step, key = function.args
        builder = ir.IRBuilder(function.append_basic_block())
        with denormals_flushed(builder):
            done = integer(0)
            for count in sorted(sweeps, reverse=True):
                blocks = builder.sdiv(builder.sub(steps, done), integer(count))
                with counted_loop(builder, integer(0), blocks) as (block, _):
                    now = builder.add(step, builder.add(done, builder.mul(block, integer(count))))
                    builder.call(sweeps[count], [state, numbers, work, varying, now, key])
                done = builder.add(done, builder.mul(blocks, integer(count)))
        builder.ret_void()
        return str(self.module)

    def _sweep_function(self, levels: int) -> ir.Function:
        """Advance the whole state by ``levels`` fused steps."""
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 4 + [INT] * 2)
        function = ir.Function(self.module, kind, f"sweep_{levels}")
        function.linkage = "internal"
        # Not inlined: arithmetic must not move across the switching of the denormal mode in the caller.
        function.attributes.add("noinline")
        function.attributes.alignstack = 64  # what is spilled must not cross cache lines
        for argument in function.args[:4]:
            argument.add_attribute("noalias")
        state, numbers, work, varying, step, key = function.args
        builder = ir.IRBuilder(function.append_basic_block())
        loaded = [self._number(builder, numbers, i) for i in range(self.program.count)]
        call = _Call(builder, state, loaded, work, varying, step, key)
        if self.grid.along("y") == "dirichlet":
            self._fill_beyond(call)
        stages = levels * self.passes
        with counted_loop(builder, integer(0), integer(self.grid.height + 2 * (stages - 1))) as (turn, _):
            for stage in range(stages):
                done = builder.sub(turn, integer(2 * stage))  # rows this stage has finished
                active = builder.and_(
                    builder.icmp_signed(">=", done, integer(0)),
                    builder.icmp_signed("<", done, integer(self.grid.height)),
                )
                with builder.if_then(active, likely=True):
                    _Stage(self, call, stage, done).write()
        builder.ret_void()
        return function

    def _number(self, builder: ir.IRBuilder, numbers: ir.Value, index: int) -> Vec:
        address = builder.gep(numbers, [integer(index)], source_etype=self.lanes.scalar)
        return self.lanes.broadcast(builder, builder.load(address, typ=self.lanes.scalar))

    def _fill_beyond(self, call: _Call) -> None:
        """Rows that hold what is beyond a Dirichlet edge."""
        for number, names in enumerate(self.auxiliary):
            row = self.pointer(call, call.work, integer(self.places["beyond", 0, number]))
            for index, field in enumerate(names or self.species):
                slot = self.program.slots.get(Slot("beyond", field))
                if slot is None:
                    continue  # a field that nobody reads
                with counted_loop(call.builder, integer(0), integer(self.columns)) as (column, _):
                    place = call.builder.add(column, integer(index * self.columns))
                    self.lanes.store(call.builder, call.numbers[slot], row, place)

    def pointer(self, call: _Call, base: ir.Value, vectors: ir.Value) -> ir.Value:
        """``base`` and so many vectors."""
        return call.builder.gep(base, [vectors], source_etype=self.lanes.type)


def operations(program: StepProgram, grid: Grid, bits: int = 32) -> dict[str, float]:
    """How many vector operations of each kind one step takes for one vector of cells, on rows of this width.

    Counted from the code of the rows, edges included.
    """
    writer = KernelWriter(program, grid, 1, bits, unroll=grid.width)
    writer.write()
    return {kind: count / writer.columns for kind, count in writer.row_operations.items()}


class _Stage:
    """One pass of one fused step, at one row."""

    def __init__(self, kernel: KernelWriter, call: _Call, stage: int, done: ir.Value) -> None:
        self.kernel, self.call, self.builder, self.done = kernel, call, call.builder, done
        self.level, self.number = divmod(stage, kernel.passes)
        self.which = kernel.program.passes[self.number]
        self.last = self.number == kernel.passes - 1
        self.height = kernel.grid.height
        self.start = stage % self.height if kernel.wraps else 0
        self.row = self._modulo(self.builder.add(done, integer(self.start)))
        self.at_top = self._is(self.row, 0)
        self.at_bottom = self._is(self.row, self.height - 1)
        self.at_start = self._is(done, 0)
        self.at_end = self._is(done, self.height - 1)

    def write(self) -> None:
        """Append the pass over this row."""
        kernel, builder = self.kernel, self.builder
        if self.last and self._in_place():
            self._prepare()
        sources = {field: self._source(field, operators) for field, operators in self.which.needs.items()}
        parameters = {
            name: self._at(self.call.varying, self._rows(self.row, len(kernel.program.varying)), index)
            for index, name in enumerate(kernel.program.varying)
        }
        noise = None
        if self.last and kernel.program.noisy:
            first = builder.mul(self.row, integer(kernel.grid.width))
            noise = NoiseSource(first, builder.add(self.call.step, integer(self.level)), self.call.key)
        writer = RowWriter(kernel.program, kernel.grid, kernel.lanes, self.number, kernel.unroll)
        before = kernel.lanes.emitted.copy()
        writer.write(builder, sources, self._targets(), parameters, self.call.numbers, noise)
        kernel.row_operations += kernel.lanes.emitted - before

    def _is(self, value: ir.Value, number: int) -> ir.Value:
        return self.builder.icmp_signed("==", value, integer(number))

    def _modulo(self, index: ir.Value) -> ir.Value:
        """A row's number on the periodic axis, from one that is at most a few turns too large."""
        return self.builder.urem(index, integer(self.height))

    def _rows(self, row: ir.Value, fields: int) -> ir.Value:
        return self.builder.mul(row, integer(fields * self.kernel.columns))

    def _at(self, base: ir.Value, vectors: ir.Value, field: int) -> ir.Value:
        place = self.builder.add(vectors, integer(field * self.kernel.columns))
        return self.kernel.pointer(self.call, base, place)

    def _buffer(self, kind: str, field: int, level: int | None = None, number: int = 0) -> ir.Value:
        place = self.kernel.places[kind, self.level if level is None else level, number]
        return self._at(self.call.work, integer(place), field)

    def _targets(self) -> list[ir.Value]:
        if self.last:
            rows = self._rows(self.row, len(self.kernel.species))
            return [self._at(self.call.state, rows, index) for index in range(len(self.kernel.species))]
        return [self._ring(self.number, index, self.done) for index in range(len(self.which.quantities))]

    def _in_place(self) -> list[str]:
        """Species that this pass overwrites and whose neighbours along y it needs."""
        needs = self.which.needs
        return [s for s in self.kernel.species if needs.get(s, frozenset()) & {"laplace", "dy"}] if self.last else []

    def _pairs(self, field: str) -> bool:
        """Whether the buffer above holds the sum of two rows."""
        return self.kernel.grid.stencil == 9 and "dy" not in self.which.needs[field]

    def _prepare(self) -> None:
        """Before the first row: fill the buffers; before the last one: what is below it."""
        builder, kernel, species = self.builder, self.kernel, self.kernel.species
        kind = kernel.grid.along("y")

        def each(condition: ir.Value, what: list[tuple[ir.Value, ir.Value, ir.Value | None]]) -> None:
            with (
                builder.if_then(condition, likely=False),
                counted_loop(builder, integer(0), integer(kernel.columns)) as (column, _),
            ):
                for target, source, added in what:
                    vector = kernel.lanes.load(builder, source, column)
                    if added is not None:
                        vector = vector + kernel.lanes.load(builder, added, column)
                    kernel.lanes.store(builder, vector, target, column)

        above, first = [], []
        for field in self._in_place():
            index = species.index(field)
            cells = self._at(self.call.state, self._rows(self.row, len(species)), index)
            match kind:
                case "periodic":
                    up = integer((self.start - 1) % self.height)
                    before = self._at(self.call.state, self._rows(up, len(species)), index)
                    below = cells
                case "no-flux":
                    before = below = cells
                case _:
                    before = below = self._buffer("beyond", index, 0, kernel.passes - 1)
            above.append((self._buffer("above", index), before, cells if self._pairs(field) else None))
            first.append((self._buffer("first", index), below, None))
        each(self.at_start, above)
        each(self.at_start if kind == "periodic" else self.at_end, first)

    def _source(self, field: str, operators: frozenset[str]) -> Source:
        if field not in self.kernel.species:
            return self._auxiliary_source(field)
        index = self.kernel.species.index(field)
        count = len(self.kernel.species)
        cells = self._at(self.call.state, self._rows(self.row, count), index)
        if not operators & {"laplace", "dy"}:
            return Source(cells, None, None)
        next_row = self._modulo(self.builder.add(self.row, integer(1)))
        following = self._at(self.call.state, self._rows(next_row, count), index)
        if self.last:
            below = self.builder.select(self.at_end, self._buffer("first", index), following)
            return Source(cells, self._buffer("above", index), below, True, self._pairs(field))
        up = self._modulo(self.builder.add(self.row, integer(self.height - 1)))
        above = self._at(self.call.state, self._rows(up, count), index)
        beyond = self._buffer("beyond", index, 0, self.kernel.passes - 1)
        return Source(cells, *self._at_edges(cells, above, following, beyond))

    def _auxiliary_source(self, field: str) -> Source:
        number = next(n for n, names in enumerate(self.kernel.auxiliary) if field in names)
        index = self.kernel.auxiliary[number].index(field)
        # A pass that wraps started so many rows before this one.
        ahead = self.number - number if self.kernel.wraps else 0
        here = self.builder.add(self.done, integer(ahead))
        cells = self._ring(number, index, here)
        above = self._ring(number, index, self.builder.add(here, integer(self.height - 1)))
        below = self._ring(number, index, self.builder.add(here, integer(1)))
        return Source(cells, *self._at_edges(cells, above, below, self._buffer("beyond", index, 0, number)))

    def _at_edges(
        self, cells: ir.Value, above: ir.Value, below: ir.Value, beyond: ir.Value
    ) -> tuple[ir.Value, ir.Value]:
        """The rows above and below, or at the edges of an axis that is not periodic what is beyond."""
        if self.kernel.wraps:
            return above, below
        other = cells if self.kernel.grid.along("y") == "no-flux" else beyond
        select = self.builder.select
        return select(self.at_top, other, above), select(self.at_bottom, other, below)

    def _ring(self, number: int, field: int, row: ir.Value) -> ir.Value:
        """An auxiliary field's row, counted from where its pass started; the first few are kept beside the ring."""
        builder, kept = self.builder, self.kernel.passes
        row = self._modulo(row)
        turning = builder.add(builder.and_(row, integer(self.kernel.ring - 1)), integer(kept))
        slot = builder.select(builder.icmp_signed("<", row, integer(kept)), row, turning)
        fields = len(self.kernel.auxiliary[number])
        place = builder.add(self._rows(slot, fields), integer(self.kernel.places["ring", self.level, number]))
        return self._at(self.call.work, place, field)
