"""Models as TOML files. :data:`TEMPLATE` is a commented example with all keys."""

from __future__ import annotations

import json
import math
import reprlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.storage import staged_file
from morphoscope.models.model import UNLIMITED, Model
from morphoscope.models.typed import DEFAULT_INITIAL, check_formulas

MAX_BYTES = 100_000
MAX_TEXT = 2000
MAX_NAME = 40
MAX_NAMES = 60
TEMPLATE = Path(__file__).with_name("template.toml")
_TEMPLATE_NAME = "my-model"

_TEXTS = ("name", "title", "source", "literature")
_TABLES = ("reaction", "diffusion", "parameters", "background", "perturbation", "run")
_PARAMETER_KEYS = ("default", "range", "meaning")
_SHORT = reprlib.Repr()  # for values that may be long or deeply nested
_SHORT.maxstring = _SHORT.maxother = 80


def load_model(path: str | Path) -> Model:
    """Load a model from a TOML file.

    Raises DataError for a file that can't be read as TOML, and UsageError for one that does not define a valid model.
    Both name the file, the key and, for a formula, the column.
    """
    where = str(path) if str(path).isprintable() and len(str(path)) <= 300 else _SHORT.repr(str(path))
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise DataError(f"{where} is not a file; expected a model file (TOML)")
        with Path(path).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(f"{where} does not exist; expected a model file (TOML)") from None
    except OSError as error:
        raise DataError(f"{where} can't be read ({error.strerror}); expected a model file (TOML)") from error
    except ValueError as error:
        raise error if isinstance(error, UsageError) else DataError(f"{where} is not a valid file name") from error
    if len(raw) > MAX_BYTES:
        raise DataError(f"{where} is larger than {MAX_BYTES} bytes; expected a model file (TOML)")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    return model_from_toml(text, where=where)


def model_from_toml(text: str, *, where: str = "model") -> Model:
    """The model defined by TOML text; ``where`` begins error messages. Raises what :func:`load_model` raises."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{where} is not valid TOML: {reason}") from error
    reader = _Reader(where)
    reader.keys("", values, (*_TEXTS, *_TABLES))
    tables = {name: reader.table(name, values.get(name, {})) for name in _TABLES}
    for required in ("name", "reaction"):
        if not values.get(required):
            raise UsageError(f"{where}: {required} is missing; start from an example", operation="new_model")
    fields: dict[str, Any] = {key: reader.line(key, values[key]) for key in _TEXTS if key in values}
    fields |= reader.parameters(tables["parameters"]) | reader.run(tables["run"])
    try:
        model = Model(
            **fields,
            reaction=reader.each("reaction", tables["reaction"], reader.text),
            diffusion=reader.each("diffusion", tables["diffusion"], reader.coefficient),
            background=reader.each("background", tables["background"], reader.number),
            perturbation=reader.each("perturbation", tables["perturbation"], reader.number),
        )
        model.complete({})
    except UsageError as error:
        raise UsageError(str(error) if str(error).startswith(where) else f"{where}: {error}") from error
    if extra := [name for name in model.plane if name not in model.parameters]:
        raise UsageError(f"{where}, run.plane: unknown parameter {extra[0]!r}; {nearest(extra[0], model.parameters)}")
    check_formulas(model, f"{where}, ")
    return model


class _Reader:
    """Converts the values of a file to those of a model; methods take a key's name, for errors, and its value."""

    def __init__(self, where: str) -> None:
        self.where = where

    def refuse(self, key: str, value: Any, expected: str) -> UsageError:
        return UsageError(f"{self.where}, {key}: {_SHORT.repr(value)}; expected {expected}")

    def keys(self, key: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        for name in table:
            if name not in known:
                place = f"{self.where}, {key}" if key else self.where
                raise UsageError(f"{place}: unknown key {_SHORT.repr(name)}; {nearest(name[:60], known)}")

    def table(self, key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.refuse(key, value, f"a table, [{key}]")
        if len(value) > MAX_NAMES:
            raise UsageError(f"{self.where}, {key}: {len(value)} entries; expected at most {MAX_NAMES}")
        for name in value:
            if not name.isidentifier() or len(name) > MAX_NAME:
                raise self.refuse(key, name, f"a name of letters and digits, at most {MAX_NAME}")
        return value

    def each(self, key: str, table: Mapping[str, Any], read: Callable[[str, Any], Any]) -> dict[str, Any]:
        return {name: read(f"{key}.{name}", value) for name, value in table.items()}

    def text(self, key: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self.refuse(key, value, f"text in quotes, at most {MAX_TEXT} characters")
        return value

    def line(self, key: str, value: Any) -> str:
        if not self.text(key, value).isprintable():
            raise self.refuse(key, value, "one line of printable text")
        return value

    def number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(key, value, "a number")
        if not -1e300 <= value <= 1e300:
            raise self.refuse(key, value, "a finite number")
        return float(value)

    def positive(self, key: str, value: Any) -> float:
        number = self.number(key, value)
        if number <= 0:
            raise self.refuse(key, value, "a number above 0")
        return number

    def coefficient(self, key: str, value: Any) -> str:
        if isinstance(value, str):
            return self.text(key, value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(key, value, "a number, or a formula of parameters in quotes")
        self.number(key, value)
        return repr(value)

    def pair(self, key: str, value: Any) -> tuple[float, float]:
        if not isinstance(value, list) or len(value) != 2:
            raise self.refuse(key, value, "two numbers, [low, high]")
        low, high = (self.number(key, end) for end in value)
        if low > high:
            raise self.refuse(key, value, "two numbers, [low, high]")
        return low, high

    def names(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) != 2 or not all(isinstance(name, str) for name in value):
            raise self.refuse(key, value, 'two parameter names, ["abscissa", "ordinate"]')
        return tuple(value)

    def parameters(self, table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Defaults, ranges and meanings from ``a = 0.1`` or ``a = { default = 0.1, range = [0, 1] }``."""
        found: dict[str, dict[str, Any]] = {"defaults": {}, "ranges": {}, "meanings": {}}
        for name, value in table.items():
            key = f"parameters.{name}"
            given = value if isinstance(value, dict) else {"default": value}
            self.keys(key, given, _PARAMETER_KEYS)
            if "default" not in given:
                raise UsageError(f"{self.where}, {key}: default is missing; expected a number")
            found["defaults"][name] = self.number(key, given["default"])
            if "range" in given:
                found["ranges"][name] = self.pair(f"{key}.range", given["range"])
            if "meaning" in given:
                found["meanings"][name] = self.line(f"{key}.meaning", given["meaning"])
        return found

    def run(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """The defaults of a model's runs; missing keys get the values of typed models (:mod:`.typed`)."""
        readers = {name: getattr(self, kind) for name, kind in _RUN.items()}
        self.keys("run", table, readers)
        given = {name: readers[name](f"run.{name}", value) for name, value in table.items()}
        return {"initial": DEFAULT_INITIAL, "shown": None, **given}


#: The keys of [run] and the reader method for each.
_RUN = {
    "dt": "positive",
    "until": "positive",
    "spacing": "positive",
    "apart": "positive",
    "initial": "line",
    "integrator": "line",
    "shown": "pair",
    "plane": "names",
}


def model_to_toml(model: Model) -> str:
    """A model as TOML text; :func:`model_from_toml` reads it back. Raises UsageError if a text is not valid Unicode."""
    lines = [f"{key} = {_value(getattr(model, key))}" for key in _TEXTS if getattr(model, key)]
    lines += _table("reaction", model.reaction)
    lines += _table("diffusion", {s: _plain_number(text) for s, text in model.diffusion.items()})
    lines += _table("parameters", {name: _parameter(model, name) for name in model.parameters})
    lines += _table("background", model.background)
    lines += _table("perturbation", model.perturbation)
    run = {name: getattr(model, name) for name in _RUN}
    lines += _table("run", {name: value for name, value in run.items() if value is not None and value != ()})
    return "\n".join(lines) + "\n"


def new_model(name: str, path: str | Path | None = None) -> Path:
    """Write a commented model file as a template; ``path`` is ``NAME.toml`` by default.

    Raises UsageError if the name can't be a file name or the file already exists.
    """
    if not name or not all(c.isalnum() or c in "-_" for c in name) or name.startswith("-"):
        raise UsageError(f"{name!r} is not a valid model name; use letters, digits, - and _")
    target = Path(f"{name}.toml" if path is None else path)
    text = TEMPLATE.read_text(encoding="utf-8").replace(f'"{_TEMPLATE_NAME}"', _value(name))
    if target.exists():
        raise UsageError(f"{target} already exists; choose another file")
    with staged_file(target) as part:
        part.write_text(text.replace(f"{_TEMPLATE_NAME}.toml", target.name), encoding="utf-8")
    return target


def _table(name: str, values: Mapping[str, Any]) -> list[str]:
    return ["", f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in values.items())] if values else []


def _parameter(model: Model, name: str) -> Any:
    more: dict[str, Any] = {}
    if model.ranges[name] != UNLIMITED:
        more["range"] = model.ranges[name]
    if model.meanings[name]:
        more["meaning"] = model.meanings[name]
    return {"default": model.defaults[name], **more} if more else model.defaults[name]


def _plain_number(text: str) -> Any:
    """A coefficient as a number if it is read back as the same text, otherwise the text."""
    for kind in (int, float):
        try:
            if repr(kind(text)) == text and math.isfinite(kind(text)):
                return kind(text)
        except ValueError:
            continue
    return text


def _key(name: str) -> str:
    return name if name.isascii() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise UsageError(f"{value!r} can't be written as TOML; expected Unicode text")
        return text
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_value(inner) for inner in value)}]"
    return repr(value)
