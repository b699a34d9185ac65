"""Ensembles as files for other programs: NetCDF, The Well's HDF5, NumPy archives, films, TIFF stacks."""

from morphoscope.ensembles.exports.formats import FORMATS, export_runs

__all__ = ["FORMATS", "export_runs"]
