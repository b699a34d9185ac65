"""The built-in models, one per file; a file defines the :class:`~morphoscope.models.Model` that has its name."""
