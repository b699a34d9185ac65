"""Initial conditions: from a name and options, a grid and one random stream, the starting state of a run.

An initial condition is a function ``(model, shape, rng, **options) -> state`` with ``state`` a float64 array
``(species, height, width)``; one that needs the run's parameters has the argument ``parameters``. Registered in
:data:`INITIAL_CONDITIONS`, it can be named in a plan and on the command line. All randomness comes from ``rng``, so a
run starts the same alone or among thousands.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.registry import Registry
from morphoscope.engines import shaped_starts
from morphoscope.engines.start_parts import disc, filled, number, required_steady_start, steady_noise
from morphoscope.engines.state_files import FieldArray, blended, file_hash, read_state, state_hash
from morphoscope.models.model import Model
from morphoscope.models.parameters import Parameters

INITIAL_CONDITIONS: Registry[Callable[..., FieldArray]] = Registry("initial condition")
for _name in ("pearson-square", "inverse", "mixed-spots", "stripes", "hexagons", "spiral-seeds"):
    INITIAL_CONDITIONS.add(_name, getattr(shaped_starts, _name.replace("-", "_")))
FILE = "file"  # the initial condition that reads a state, named by its path
ARRAY = "array"  # the initial condition that was given as numbers, which a run's folder keeps
IMPORTED = "imported"  # that of imported runs, which is not known
REFINED = "refined"  # another initial condition on a finer grid

SQUARE = 20  # side of the perturbed squares, cells
CUT_OFFSET = (6, 9)  # rows, columns: where the cutting square sits relative to the second one


@dataclasses.dataclass(frozen=True)
class InitialCondition:
    """An initial condition's name, and its options where they are not the defaults.

    Its text form is ``name``, ``name:option=value,…`` or, of a state in a file, the file's path: see :meth:`parse`.

    Parameters
    ----------
    name
        A name in :data:`INITIAL_CONDITIONS`.
    options
        Pairs of name and value; sorted here.

    Raises
    ------
    UsageError
        For an unknown name or option.

    Examples
    --------
    >>> InitialCondition.parse("spots:radius=4,count=30")
    InitialCondition(name='spots', options=(('count', 30.0), ('radius', 4.0)))
    >>> str(InitialCondition("noise", (("amplitude", 0.1),)))
    'noise:amplitude=0.1'
    """

    name: str
    options: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        known = [n for n, p in self._signature.items() if p.default is not p.empty]
        for option, _ in self.options:
            if option not in known:
                raise UsageError(
                    f"unknown option {option!r} of initial condition {self.name}; {nearest(option, known)}"
                )
        frozen = ((name, tuple(value) if isinstance(value, list) else value) for name, value in self.options)
        object.__setattr__(self, "options", tuple(sorted(frozen)))

    @property
    def _signature(self) -> Mapping[str, inspect.Parameter]:
        return _parameters_of(INITIAL_CONDITIONS.get(self.name))

    @classmethod
    def parse(cls, text: str, *, files: bool = True) -> InitialCondition:
        """The initial condition of a text: its name, ``name:option=value,…`` or, if ``files``, the path of a state.

        Raises UsageError for anything else.
        """
        name, _, tail = text.partition(":")
        if name in named_conditions():
            return cls(name, tuple(_option(part) for part in tail.split(",") if part))
        if files and Path(text).is_file():
            return cls.of_file(text)
        other = ", and no file of that name exists" if files else ""
        raise UsageError(f"unknown initial condition {text!r:.200}{other}; {nearest(name[:80], named_conditions())}")

    @classmethod
    def of_file(cls, path: str | Path) -> InitialCondition:
        """The state in a file, see :func:`from_file`; with its hash, so that a changed file is refused."""
        return cls(FILE, (("path", str(path)), ("sha256", file_hash(path))))

    @classmethod
    def of_array(cls, state: FieldArray) -> InitialCondition:
        """A state that was given as numbers; only its hash is part of the plan."""
        return cls(ARRAY, (("sha256", state_hash(state)),))

    @classmethod
    def from_json(cls, values: Any) -> InitialCondition:
        """Inverse of :meth:`to_json`; the text form is read, too."""
        if isinstance(values, str):
            return cls.parse(values)
        return cls(values["name"], tuple(values.get("options", {}).items()))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "options": dict(self.options)}

    def __str__(self) -> str:
        if self.name == FILE:
            return str(dict(self.options).get("path", FILE))
        if self.name == ARRAY:
            return f"{ARRAY} {dict(self.options)['sha256'][:12]}"
        if self.name == REFINED:
            return f"{dict(self.options).get('of', '')}, {REFINED}"
        options = ",".join(f"{name}={_option_text(value)}" for name, value in self.options)
        return f"{self.name}:{options}" if options else self.name

    @property
    def path(self) -> Path | None:
        """The file that holds the state, if there is one."""
        return Path(dict(self.options)["path"]) if self.name == FILE else None

    def state(
        self, model: Model, shape: tuple[int, int], rng: np.random.Generator, parameters: Parameters
    ) -> FieldArray:
        """The starting state of one run, (species, height, width).

        ``parameters``: all of the run's. Raises UsageError for an option out of range and for a grid that is too small.
        """
        more = {"parameters": parameters} if "parameters" in self._signature else {}
        return INITIAL_CONDITIONS.get(self.name)(model, shape, rng, **more, **dict(self.options))


@functools.lru_cache(maxsize=256)
def _parameters_of(function: Callable[..., FieldArray]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def named_conditions() -> list[str]:
    """The initial conditions that need only a name."""
    return [name for name in INITIAL_CONDITIONS if name not in (FILE, ARRAY, IMPORTED, REFINED)]


def _option(part: str) -> tuple[str, Any]:
    """``count=30`` as a pair; of several numbers, ``cut=0.02/0.04``, a tuple."""
    option, equals, value = part.partition("=")
    if not equals:
        raise UsageError(f"initial condition option {part!r}; expected option=value")
    try:
        numbers = tuple(float(number) for number in value.split("/"))
    except ValueError:
        raise UsageError(f"initial condition option {option}={value!r} is not a number") from None
    return option.strip(), numbers if len(numbers) > 1 else numbers[0]


def _option_text(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(map(_option_text, value))
    return repr(int(value)) if float(value).is_integer() else repr(float(value))


def stream(seed: int) -> np.random.Generator:
    """The random stream of the run with this seed."""
    return np.random.default_rng(np.random.SeedSequence(seed))


@INITIAL_CONDITIONS.register("pearson-gamma")
def pearson_gamma(
    model: Model, shape: tuple[int, int], rng: np.random.Generator, cut: Sequence[float] = (0.02, 0.04)
) -> FieldArray:
    """Pearson's square next to a concave Γ, rotated and shifted at random.

    On the model's background: a 20 × 20 square at the centre in the model's perturbed state; a second one at a
    random place whose Chebyshev distance from the centre is 0.2–0.4 of the width; a third one, offset by
    (+6, +9) cells from the second, almost at the background, cuts the second into a Γ. Then the field is rotated
    by a random whole angle 0–88° (cubic spline without prefilter, which smooths the rims) and shifted
    periodically along both axes.

    ``cut``: how far the third square is from the background, one fraction of the perturbation per species (the last
    one applies to all further species). The default gives Gray–Scott's (0.99, 0.01).

    Source: Pearson, Science 261, 189 (1993); Scholz & Scholz (2022).
    """
    from morphoscope.engines.rotation import periodic_square, turned_squares

    height, width = shape
    if min(shape) < 2 * SQUARE:
        raise UsageError(
            f"grid {width}x{height} is too small for pearson-gamma; use at least {2 * SQUARE}x{2 * SQUARE}"
        )
    background, perturbed = filled(model.background, model, shape), model.perturbation
    while True:
        offset = rng.uniform(-0.4, 0.4, size=2)  # fractions of height and width
        if np.abs(offset).max() >= 0.2:
            break
    angle = int(rng.integers(0, 89))
    shift = (int(rng.integers(height)), int(rng.integers(width)))

    # Two masks instead of the species: the spline is linear and keeps constants, and most models have more fields.
    masks = np.zeros((2, *shape))
    corner = (height // 2 - SQUARE // 2, width // 2 - SQUARE // 2)
    second = (corner[0] + round(offset[0] * height), corner[1] + round(offset[1] * width))
    third = (second[0] + CUT_OFFSET[0], second[1] + CUT_OFFSET[1])
    for place, values in ((corner, (1, 0)), (second, (1, 0)), (third, (0, 1))):
        rows, columns = periodic_square(place, SQUARE, shape)
        masks[:, rows, columns] = np.reshape(values, (2, 1, 1))
    turned = turned_squares(masks, ((corner, second), (third,)), SQUARE, angle)
    square, cutter = (np.roll(m, shift, axis=(0, 1)) for m in turned)

    state = background
    for index, name in enumerate(model.species):
        difference = perturbed[name] - model.background[name]
        fraction = cut[min(index, len(cut) - 1)]
        state[index] += difference * (square + fraction * cutter)
    return state


@INITIAL_CONDITIONS.register("noise")
def noise(model: Model, shape: tuple[int, int], rng: np.random.Generator, amplitude: float = 0.05) -> FieldArray:
    """The model's perturbed state everywhere, with independent normal noise in every cell.

    The noise's standard deviation is ``amplitude`` times each species' distance between perturbed state and background.
    """
    strength = number(amplitude, "amplitude", 0.0, 10.0)
    state = filled(model.perturbation, model, shape)
    for index, name in enumerate(model.species):
        scale = abs(model.perturbation[name] - model.background[name])
        state[index] += strength * scale * rng.standard_normal(shape)
    return state


@INITIAL_CONDITIONS.register("steady")
def steady(
    model: Model,
    shape: tuple[int, int],
    rng: np.random.Generator,
    parameters: Parameters,
    amplitude: float = 0.01,
) -> FieldArray:
    """A homogeneous steady state at the run's parameters, with independent normal noise in every cell.

    Of several states, one that is stable without space and not the background is preferred, then the one nearest to
    the perturbed state. The noise's standard deviation is ``amplitude`` times the state's largest concentration, or
    ``amplitude`` itself where that is 0. Raises UsageError if no steady state of the model is found.
    """
    chosen = required_steady_start(model, parameters)
    state = filled(chosen, model, shape)
    return state + steady_noise(chosen, amplitude) * rng.standard_normal(state.shape)


@INITIAL_CONDITIONS.register("spiral")
def spiral(model: Model, shape: tuple[int, int], rng: np.random.Generator) -> FieldArray:
    """Crossed halves, from which an excitable or oscillating model makes a spiral.

    The first species is in the perturbed state on the left half, all others on the lower half; shifted at random by up
    to an eighth of the grid.
    """
    height, width = shape
    row, column = (int(rng.integers(-(n // 8), n // 8 + 1)) for n in shape)
    left = np.arange(width)[None, :] < width // 2 + column
    low = np.arange(height)[:, None] >= height // 2 + row
    state = filled(model.background, model, shape)
    for index, name in enumerate(model.species):
        inside = np.broadcast_to(left if index == 0 else low, shape)
        state[index][inside] = model.perturbation[name]
    return state


@INITIAL_CONDITIONS.register("spots")
def spots(
    model: Model,
    shape: tuple[int, int],
    rng: np.random.Generator,
    count: int = 12,
    radius: float = 5.0,
) -> FieldArray:
    """``count`` discs of ``radius`` cells in the perturbed state at random places on the background."""
    discs = int(number(count, "count", 1, 100_000))
    reach = number(radius, "radius", 0.5, max(shape))
    inside = np.zeros(shape, dtype=bool)
    for _ in range(discs):
        inside |= disc(shape, int(rng.integers(shape[0])), int(rng.integers(shape[1])), reach)
    return blended(model, inside.astype(np.float64))


@INITIAL_CONDITIONS.register("file")
def from_file(
    model: Model,
    shape: tuple[int, int],
    rng: np.random.Generator,
    path: str = "",
    sha256: str = "",
) -> FieldArray:
    """The state in a file: .npz with one array per species, .npy (species, y, x), or an image.

    An image is read as grey: white is the background, black the perturbed state. ``sha256``, where given, must be the
    file's. Raises DataError for a file that can't be read, UsageError for another shape than the grid's.
    """
    if sha256 and sha256 != file_hash(path):
        raise DataError(f"{path} has changed since the plan was made (its SHA-256 differs)")
    state = read_state(model, Path(path))
    if state.shape[1:] != shape:
        raise UsageError(
            f"{path} has {state.shape[2]}x{state.shape[1]} cells, the grid {shape[1]}x{shape[0]}; choose that size",
            parameter="size",
        )
    return state


@INITIAL_CONDITIONS.register(ARRAY)
def from_array(model: Model, shape: tuple[int, int], rng: np.random.Generator, sha256: str = "") -> FieldArray:
    """A state that was given as numbers. The plan does not contain it, so it can't be restored from the plan."""
    raise DataError(
        "the initial state was given as an array, which is stored only in the folder of its run; open that run"
    )


@INITIAL_CONDITIONS.register(IMPORTED)
def unknown_start(model: Model, shape: tuple[int, int], rng: np.random.Generator) -> FieldArray:
    """The start of an imported run: always raises UsageError, since nobody recorded it."""
    raise UsageError("the initial state of imported runs is not known; choose another initial condition")


@INITIAL_CONDITIONS.register(REFINED)
def refined(
    model: Model,
    shape: tuple[int, int],
    rng: np.random.Generator,
    parameters: Parameters,
    of: str = "",
    factor: int = 2,
) -> FieldArray:
    """The state of another initial condition on a grid of cells that are ``factor`` times as long.

    Each of its cells becomes ``factor`` × ``factor`` cells with the same value, so that both are the same function of
    space and have the same mean. ``of``: the text of the other one, see :meth:`InitialCondition.parse`. Raises
    UsageError for a grid that is not a multiple of ``factor``.
    """
    height, width = (factor if cells > 1 else 1 for cells in shape)
    if shape[0] % height or shape[1] % width:
        raise UsageError(f"a grid of {shape[1]}x{shape[0]} cells is no multiple of {factor}; choose another size")
    coarse = (shape[0] // height, shape[1] // width)
    state = InitialCondition.parse(of).state(model, coarse, rng, parameters)
    return state.repeat(height, axis=1).repeat(width, axis=2)
