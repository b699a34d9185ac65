"""The option or the command that solves an error of the library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from morphoscope.core.errors import UsageError

#: Public functions whose command has another name.
COMMAND_NAMES = {
    "accept": "discover",
    "analyze": "theory",
    "check_model": "models check",
    "class_map": "map",
    "export_annotations": "annotate",
    "import_patterns": "import",
    "list_models": "models",
    "new_model": "models new",
    "scan_plan": "ensemble",
    "train_encoder": "train-encoder",
}
#: Arguments of public functions whose option has another name.
OPTION_NAMES = {"parameters": "parameter", "ranges": "span", "runs": "run"}
#: Errors that end in a suggestion, as in "did you mean 'Du'?", need no option, because the given value is wrong.
SUGGESTION = re.compile(r"(did you mean [^?]*\?|known: .*)$")


def advice(root: Any, arguments: Sequence[str], error: UsageError) -> str:
    """What to add to the error's line, such as ``(option --overwrite)``; empty where there is nothing to add."""
    parts = []
    if error.parameter and not _suggests(error) and (option := _option(root, arguments, error.parameter)):
        parts.append(f"option {option}")
    if error.operation:
        parts.append(f"command `morphoscope {COMMAND_NAMES.get(error.operation, error.operation)}`")
    return f" ({', '.join(parts)})" if parts else ""


def _suggests(error: UsageError) -> bool:
    return bool(SUGGESTION.search(str(error))) and "or give" not in str(error)


def _option(root: Any, arguments: Sequence[str], parameter: str) -> str | None:
    """The option that the command in ``arguments`` has for an argument of a public function, if it has one."""
    command = root
    for word in arguments:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
    wanted = OPTION_NAMES.get(parameter, parameter)
    for known in command.params:
        if known.name == wanted and known.param_type_name == "option":
            return str(max(known.opts, key=len))
    return None
