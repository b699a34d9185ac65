"""The page in the browser: the app, and what serves it."""
