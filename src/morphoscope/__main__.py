"""``python -m morphoscope`` is ``morphoscope``."""

from morphoscope.cli import main

main()
