"""Patterns that others made: files of many formats, read run by run, as ensembles."""
