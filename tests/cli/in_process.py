"""A command in the process of the test: for cases in which starting a process is not the point."""

import contextlib
import io
import subprocess
import sys
import warnings

from morphoscope.cli import main


def _to_standard_error(message, category, filename, lineno, file=None, line=None):
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def cli_here(*arguments, cwd):
    """Run a command in a folder; returns what a process of its own would."""
    out, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    given, code = list(map(str, arguments)), 0
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        warnings.catch_warnings(),
    ):
        # pytest collects warnings; a process of its own would print them among the messages.
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = _to_standard_error
        try:
            main(given)
        except SystemExit as end:
            code = end.code
    texts = (stream.buffer.getvalue().decode() for stream in (out, errors))
    return subprocess.CompletedProcess(given, code, *texts)
