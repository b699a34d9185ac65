"""The study of Scholz & Scholz (2022), reproduced from the first run to the report."""

from morphoscope.workflows.scholz2022.study import PROFILES, Reproduction, reproduce_scholz2022

__all__ = ["PROFILES", "Reproduction", "reproduce_scholz2022"]
