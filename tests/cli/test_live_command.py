"""The command ``live``: what it refuses, in one line. The page is tested in tests/web/test_live.py."""

import pytest

from tests.cli.in_process import cli_here
from tests.cli.test_cli import fails


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nope"], "unknown model 'nope'"),
        (["gray-scott", "-p", "f=3"], "out of range"),
        (["gray-scott", "--size", "9"], "expected WIDTHxHEIGHT"),
        (["gray-scott", "--stencil", "7"], "use 9 or 5"),
        (["gray-scott", "--boundary", "wall"], "unknown boundary"),
        (["gray-scott", "--port", "70000"], "out of range"),
        (["--reaction", "u: u*", "--diffusion", "u=1"], "reaction of u"),
    ],
)
def test_bad_input_is_one_line(arguments, problem, tmp_path):
    fails(cli_here("live", *arguments, "--no-browser", cwd=tmp_path), problem)
