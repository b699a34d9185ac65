"""The kernel: LLVM code that advances one run by n explicit Euler steps, in place.

State. Stored row by row, and by species within a row: (height, species, C, L), see :mod:`.row`.

Pipeline. A time step consists of one or more sweeps (see :mod:`.program`), and several steps are fused. Each sweep of
each fused step is a pipeline stage. Stage j follows stage j − 1 at a distance of two rows, so that all rows in use are
in the L1 cache together and each stage reads finished rows only. On a periodic y axis stage j starts at row j. All
stages do the same arithmetic, so fusing does not change a single bit.

Rows that a stage overwrites but still needs are kept in buffers: ``above`` for the previous row, ``first`` for the
first row, which the last row needs. Auxiliary fields are stored in a ring of rows per stage. The rows that are needed
again at the periodic boundary are stored in addition to the ring.

Noise. Normal numbers come in pairs, for a cell in an even row and for the cell below it. A stage fills the buffer
``noise`` with those of both rows before it needs them, see :mod:`.normals`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

from llvmlite import ir

from morphoscope.engines.cpu.native import denormals_flushed, widest_lanes
from morphoscope.engines.cpu.normals import NormalsWriter
from morphoscope.engines.cpu.row import UNROLLED_COLUMNS, RowWriter, Source
from morphoscope.engines.cpu.tracing import Slot, StepProgram
from morphoscope.engines.cpu.vectors import INT, Lanes, Vec, counted_loop, integer
from morphoscope.engines.grid import Grid

POINTER = ir.PointerType()
#: state, steps, numbers, work space, varying parameters, number of the first step, key of the noise
ARGUMENTS = [POINTER, INT, POINTER, POINTER, POINTER, INT, INT]


def lane_count(width: int, widest: int = 16) -> int:
    """The widest vector that divides a row into at least two columns, or 1."""
    lanes = widest
    while lanes > 1 and (width % lanes or width // lanes < 2):
        lanes //= 2
    return lanes


@dataclasses.dataclass(frozen=True)
class _Call:
    """The arguments of a function that advances fused steps, and its builder."""

    builder: ir.IRBuilder
    state: ir.Value
    numbers: list[Vec]
    work: ir.Value
    varying: ir.Value
    step: ir.Value
    key: ir.Value


class KernelWriter:
    """Writes the LLVM module of one program on one grid with ``levels`` fused steps.

    ``bits``: 32 or 64; ``unroll``: number of columns per loop iteration.
    """

    def __init__(
        self, program: StepProgram, grid: Grid, levels: int, bits: int = 32, unroll: int = UNROLLED_COLUMNS
    ) -> None:
        self.program, self.grid, self.levels = program, grid, levels
        self.lanes = Lanes(lane_count(grid.width, widest_lanes(bits)), bits)
        self.columns, self.unroll = grid.width // self.lanes.count, unroll
        self.species = program.model.species
        self.sweeps = len(program.sweeps)
        self.auxiliary = [program.program.auxiliary_of(number) for number in range(self.sweeps)]
        self.wraps = grid.along("y") == "periodic"
        self.ring = 1 << (2 * self.sweeps - 1).bit_length()  # rows of an auxiliary field in use at once; a power of 2
        self.module = ir.Module("morphoscope")
        noisy = [index for index, name in enumerate(self.species) if name in program.noisy]
        self.normals = NormalsWriter(self.lanes, self.columns, noisy)
        self.row_operations: Counter[str] = Counter()  # operations in the rows, see Lanes.emitted
        self._allocate()

    def _allocate(self) -> None:
        """Compute offsets in the work space, in vectors: rows of constants, then buffers and rings of each level."""
        self.offsets: dict[tuple[str, int, int], int] = {}
        at = 0

        def reserve(kind: str, level: int, number: int, rows: int, fields: int) -> None:
            nonlocal at
            self.offsets[kind, level, number] = at
            at += rows * fields * self.columns

        for number in range(self.sweeps):
            reserve("beyond", 0, number, 1, len(self.auxiliary[number]) or len(self.species))
        for level in range(self.levels):
            reserve("above", level, 0, 1, len(self.species))
            reserve("first", level, 0, 1, len(self.species))
            for number in range(self.sweeps - 1):
                reserve("ring", level, number, self.sweeps + self.ring, len(self.auxiliary[number]))
        for level in range(self.levels if self.program.noisy else 0):
            reserve("noise", level, 0, self.normals.rows, 1)
        self.work_bytes = at * self.lanes.bytes

    def write(self) -> str:
        """The text of the module. Its only public function is ``advance``, with :data:`ARGUMENTS`."""
        self.fill_noise = self.normals.write(self.module) if self.program.noisy else None
        functions = {n: self._steps_function(n) for n in sorted({1, self.levels})}
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), ARGUMENTS), "advance")
        state, steps, numbers, work, varying, step, key = function.args
        builder = ir.IRBuilder(function.append_basic_block())
        with denormals_flushed(builder):
            done = integer(0)
            for count in sorted(functions, reverse=True):
                blocks = builder.sdiv(builder.sub(steps, done), integer(count))
                with counted_loop(builder, integer(0), blocks) as (block, _):
                    now = builder.add(step, builder.add(done, builder.mul(block, integer(count))))
                    builder.call(functions[count], [state, numbers, work, varying, now, key])
                done = builder.add(done, builder.mul(blocks, integer(count)))
        builder.ret_void()
        return str(self.module)

    def _steps_function(self, levels: int) -> ir.Function:
        """Write the function that advances the whole state by ``levels`` fused steps."""
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 4 + [INT] * 2)
        function = ir.Function(self.module, kind, f"steps_{levels}")
        function.linkage = "internal"
        # Not inlined: arithmetic must not move across the change of the denormal mode in the caller.
        function.attributes.add("noinline")
        function.attributes.alignstack = 64  # spilled vectors must not cross cache lines
        for argument in function.args[:4]:
            argument.add_attribute("noalias")
        state, numbers, work, varying, step, key = function.args
        builder = ir.IRBuilder(function.append_basic_block())
        loaded = [self._number(builder, numbers, i) for i in range(self.program.count)]
        call = _Call(builder, state, loaded, work, varying, step, key)
        if self.grid.along("y") == "dirichlet":
            self._fill_beyond(call)
        stages = levels * self.sweeps
        with counted_loop(builder, integer(0), integer(self.grid.height + 2 * (stages - 1))) as (turn, _):
            for stage in range(stages):
                done = builder.sub(turn, integer(2 * stage))  # rows that this stage has finished
                active = builder.and_(
                    builder.icmp_signed(">=", done, integer(0)),
                    builder.icmp_signed("<", done, integer(self.grid.height)),
                )
                with builder.if_then(active, likely=True):
                    _PipelineStage(self, call, stage, done).write()
        builder.ret_void()
        return function

    def _number(self, builder: ir.IRBuilder, numbers: ir.Value, index: int) -> Vec:
        address = builder.gep(numbers, [integer(index)], source_etype=self.lanes.scalar)
        return self.lanes.broadcast(builder, builder.load(address, typ=self.lanes.scalar))

    def _fill_beyond(self, call: _Call) -> None:
        """Write the rows that contain the values beyond a Dirichlet boundary."""
        for number, names in enumerate(self.auxiliary):
            row = self.pointer(call, call.work, integer(self.offsets["beyond", 0, number]))
            for index, field in enumerate(names or self.species):
                slot = self.program.slots.get(Slot("beyond", field))
                if slot is None:
                    continue  # nothing reads this field
                with counted_loop(call.builder, integer(0), integer(self.columns)) as (column, _):
                    place = call.builder.add(column, integer(index * self.columns))
                    self.lanes.store(call.builder, call.numbers[slot], row, place)

    def pointer(self, call: _Call, base: ir.Value, vectors: ir.Value) -> ir.Value:
        """``base`` plus an offset in vectors."""
        return call.builder.gep(base, [vectors], source_etype=self.lanes.type)


def operations(program: StepProgram, grid: Grid, bits: int = 32) -> dict[str, float]:
    """The number of vector operations of each kind that one step takes per vector of cells, on rows of this width.

    Counted in the emitted code of the rows, including their edges.
    """
    writer = KernelWriter(program, grid, 1, bits, unroll=grid.width)
    writer.write()
    return {kind: count / writer.columns for kind, count in writer.row_operations.items()}


class _PipelineStage:
    """One sweep of one fused step, at one row."""

    def __init__(self, kernel: KernelWriter, call: _Call, stage: int, done: ir.Value) -> None:
        self.kernel, self.call, self.builder, self.done = kernel, call, call.builder, done
        self.level, self.number = divmod(stage, kernel.sweeps)
        self.sweep = kernel.program.sweeps[self.number]
        self.last = self.number == kernel.sweeps - 1
        self.height = kernel.grid.height
        self.start = stage % self.height if kernel.wraps else 0
        self.row = self._modulo(self.builder.add(done, integer(self.start)))
        self.at_top = self._is(self.row, 0)
        self.at_bottom = self._is(self.row, self.height - 1)
        self.at_start = self._is(done, 0)
        self.at_end = self._is(done, self.height - 1)

    def write(self) -> None:
        """Emit the code of the sweep for this row."""
        kernel, builder = self.kernel, self.builder
        if self.last and self._in_place():
            self._fill_buffers()
        sources = {field: self._source(field, operators) for field, operators in self.sweep.needs.items()}
        parameters = {
            name: self._at(self.call.varying, self._rows(self.row, len(kernel.program.varying)), index)
            for index, name in enumerate(kernel.program.varying)
        }
        noise = self._noise() if self.last and kernel.fill_noise else {}
        writer = RowWriter(kernel.program, kernel.grid, kernel.lanes, self.number, kernel.unroll)
        before = kernel.lanes.emitted.copy()
        writer.write(builder, sources, self._targets(), parameters, self.call.numbers, noise)
        kernel.row_operations += kernel.lanes.emitted - before

    def _noise(self) -> dict[str, ir.Value]:
        """Emit code that fills the buffer of normal numbers before it is needed; returns this row's part by species."""
        kernel, builder = self.kernel, self.builder
        place = self.kernel.offsets["noise", self.level, 0]
        odd = builder.and_(self.row, integer(1))
        with builder.if_then(builder.or_(self.at_start, self._is(odd, 0))):
            step = builder.add(self.call.step, integer(self.level))
            pair = builder.lshr(self.row, integer(1))
            buffer = kernel.pointer(self.call, self.call.work, integer(place))
            builder.call(kernel.fill_noise, [buffer, pair, step, self.call.key])
        noisy = [name for name in kernel.species if name in kernel.program.noisy]
        rows = builder.add(integer(place), self._rows(odd, len(noisy)))
        kernel.row_operations += kernel.normals.per_row
        return {name: self._at(self.call.work, rows, index) for index, name in enumerate(noisy)}

    def _is(self, value: ir.Value, number: int) -> ir.Value:
        return self.builder.icmp_signed("==", value, integer(number))

    def _modulo(self, index: ir.Value) -> ir.Value:
        """The number of a row on the periodic axis; ``index`` may exceed the height."""
        return self.builder.urem(index, integer(self.height))

    def _rows(self, row: ir.Value, fields: int) -> ir.Value:
        return self.builder.mul(row, integer(fields * self.kernel.columns))

    def _at(self, base: ir.Value, vectors: ir.Value, field: int) -> ir.Value:
        place = self.builder.add(vectors, integer(field * self.kernel.columns))
        return self.kernel.pointer(self.call, base, place)

    def _buffer(self, kind: str, field: int, level: int | None = None, number: int = 0) -> ir.Value:
        place = self.kernel.offsets[kind, self.level if level is None else level, number]
        return self._at(self.call.work, integer(place), field)

    def _targets(self) -> list[ir.Value]:
        if self.last:
            rows = self._rows(self.row, len(self.kernel.species))
            return [self._at(self.call.state, rows, index) for index in range(len(self.kernel.species))]
        return [self._ring(self.number, index, self.done) for index in range(len(self.sweep.quantities))]

    def _in_place(self) -> list[str]:
        """The species that this sweep overwrites and whose neighbours along y it needs."""
        needs = self.sweep.needs
        return [s for s in self.kernel.species if needs.get(s, frozenset()) & {"laplace", "dy"}] if self.last else []

    def _holds_pair_sums(self, field: str) -> bool:
        """Whether the buffer ``above`` contains the sum of two rows."""
        return self.kernel.grid.stencil == 9 and "dy" not in self.sweep.needs[field]

    def _fill_buffers(self) -> None:
        """Emit code that fills the buffers before the first row and, if not periodic, before the last row."""
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
                    before = below = self._buffer("beyond", index, 0, kernel.sweeps - 1)
            above.append((self._buffer("above", index), before, cells if self._holds_pair_sums(field) else None))
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
            return Source(cells, self._buffer("above", index), below, True, self._holds_pair_sums(field))
        up = self._modulo(self.builder.add(self.row, integer(self.height - 1)))
        above = self._at(self.call.state, self._rows(up, count), index)
        beyond = self._buffer("beyond", index, 0, self.kernel.sweeps - 1)
        return Source(cells, *self._at_edges(cells, above, following, beyond))

    def _auxiliary_source(self, field: str) -> Source:
        number = next(n for n, names in enumerate(self.kernel.auxiliary) if field in names)
        index = self.kernel.auxiliary[number].index(field)
        # On a periodic axis the earlier sweep started this many rows before this one.
        ahead = self.number - number if self.kernel.wraps else 0
        here = self.builder.add(self.done, integer(ahead))
        cells = self._ring(number, index, here)
        above = self._ring(number, index, self.builder.add(here, integer(self.height - 1)))
        below = self._ring(number, index, self.builder.add(here, integer(1)))
        return Source(cells, *self._at_edges(cells, above, below, self._buffer("beyond", index, 0, number)))

    def _at_edges(
        self, cells: ir.Value, above: ir.Value, below: ir.Value, beyond: ir.Value
    ) -> tuple[ir.Value, ir.Value]:
        """The rows above and below; at the ends of an axis that is not periodic, the values beyond the boundary."""
        if self.kernel.wraps:
            return above, below
        other = cells if self.kernel.grid.along("y") == "no-flux" else beyond
        select = self.builder.select
        return select(self.at_top, other, above), select(self.at_bottom, other, below)

    def _ring(self, number: int, field: int, row: ir.Value) -> ir.Value:
        """A row of an auxiliary field, counted from where its sweep started; the first rows are outside the ring."""
        builder, kept = self.builder, self.kernel.sweeps
        row = self._modulo(row)
        turning = builder.add(builder.and_(row, integer(self.kernel.ring - 1)), integer(kept))
        slot = builder.select(builder.icmp_signed("<", row, integer(kept)), row, turning)
        fields = len(self.kernel.auxiliary[number])
        place = builder.add(self._rows(slot, fields), integer(self.kernel.offsets["ring", self.level, number]))
        return self._at(self.call.work, place, field)
