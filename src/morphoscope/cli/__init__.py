"""The command line: ``morphoscope COMMAND …``. Commands parse, call one function, and print."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn


def main(arguments: list[str] | None = None) -> None:
    """Run a command. Errors that the user can correct are one line, with exit code 2; --debug shows a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    # Threads that wait for each other sleep instead of spinning: training is twice as fast while other programs run.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:  # from here on: Ctrl-C may come while modules are imported
        from morphoscope.cli import streams
        from morphoscope.cli.app import command_line
        from morphoscope.core.errors import UsageError

        streams.prepare()
        root = command_line()
        code = root([a for a in given if a != "--debug"], prog_name="morphoscope", standalone_mode=False)
        with streams.output():
            sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except UsageError as error:
        if debug:
            raise
        from morphoscope.cli.advice import advice

        _fail(f"{error}{advice(root, given, error)}", 2)
    except MemoryError as error:
        if debug:
            raise
        _fail(f"there is not enough memory ({error or 'no details'}); use fewer runs at a time or a smaller grid", 2)
    except OSError as error:
        if debug:
            raise
        _fail(f"{error.filename or 'a file'} can't be used: {error.strerror or error}; --debug shows the traceback", 2)
    except Exception as error:
        if debug:
            raise
        if hasattr(error, "format_message"):  # errors of the parser
            text = error.format_message() or type(error).__name__
            _fail(f"{text.rstrip('.?')}; `morphoscope --help` lists the commands", 2)
        _fail(f"{type(error).__name__}: {error}; --debug shows the traceback", 1)
    if code == 130:
        _interrupted()
    sys.exit(code if isinstance(code, int) else 0)


def _interrupted() -> NoReturn:
    """End as a process that a signal ended; an ensemble says how far it is."""
    from morphoscope.core.interruption import Interrupted

    last = Interrupted.last or Interrupted()
    _fail(f"interrupted{last.done and f'; {last.done}'}; repeat the command to finish", 128 + last.signal)


def _fail(text: str, code: int) -> NoReturn:
    with contextlib.suppress(OSError):  # nobody reads standard error any more
        print(f"error: {' '.join(text.split())}", file=sys.stderr)
    sys.exit(code)
