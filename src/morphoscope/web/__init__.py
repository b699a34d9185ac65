"""The explorer in the browser: its page, and the server in front of it.

Importing this package is slow (Panel, Bokeh): nothing outside it imports it at the top of a module.
"""
