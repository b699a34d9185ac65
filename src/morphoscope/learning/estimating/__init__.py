"""Posteriors over parameters, given a pattern: estimators, their training, calibration and inference."""
