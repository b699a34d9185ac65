"""The operations that Python users, the command line and the explorer call; one file for each."""
