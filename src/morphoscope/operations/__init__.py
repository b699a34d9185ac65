"""One file a verb: what Python users, the command line and the page call."""
