"""The built-in models, one a file; a file here that defines a :class:`~morphoscope.models.Model` is registered."""
