"""Simulated thresholds of instabilities compared with theory, as measured by benchmarks/thresholds.py."""

import runpy
from pathlib import Path

import pytest

BENCHMARK = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "thresholds.py"))
CASES = [case for case in BENCHMARK["cases"]() if case.closed_form is not None]


def name(case):
    return "-".join([case.model, case.kind, *(f"{value:g}" for value in case.others.values())])


@pytest.mark.parametrize("case", CASES, ids=name)
def test_threshold_agrees_with_theory(case):
    found = BENCHMARK["measure"](case)
    assert abs(found.deviation) < 0.02
    scale = case.scale or abs(case.closed_form)
    assert found.package.value == pytest.approx(case.closed_form, abs=1e-5 * scale)
    if case.wavelength is not None:
        assert found.wavelength == pytest.approx(case.wavelength, rel=0.01)
        assert found.package.wavelength == pytest.approx(case.wavelength, rel=1e-4)


def test_rates_that_cross_zero_are_interpolated():
    import numpy as np

    values = np.linspace(1, 3, 5)
    assert BENCHMARK["crossing"](values, (values - 1.7) * (values + 4)) == pytest.approx(1.7)
    with pytest.raises(SystemExit, match="do not change sign once"):
        BENCHMARK["crossing"](values, values**2 + 1)
