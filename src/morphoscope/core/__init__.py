"""What every other package may use; knows nothing of patterns."""
