"""The numbers in the answers to the exam questions of the course, computed anew."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from morphoscope.engines.grid import DIFFUSION_LIMITS
from morphoscope.ensembles import recipe
from morphoscope.models import get_model
from morphoscope.theory import critical_values, dispersion, homogeneous_states

COURSE = Path(__file__).parent.parent / "docs" / "course"
ANSWERS = {
    int(number): answer
    for number, answer in re.findall(
        r"^\*\*Q(\d+)\.\*\* .*?</summary>\n\n(.*?)\n\n</details>",
        (COURSE / "exam-questions.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
}
MODEL = get_model("gray-scott")


def lower_state(f, k):
    return homogeneous_states(MODEL, {"f": f, "k": k})[0].values


def least_squares():
    x, s = np.array([0.1, 0.2, 0.3]) ** 2 / 2, np.array([0.05, 0.19, 0.45])
    slope = np.linalg.lstsq(x[:, None], s)[0][0]
    return [f"{x @ s:.4f}", f"{x @ x:.5f}", f"{slope:.2f} m/s²"]


def softmax():
    p = np.exp([2, 0, 0]) / np.exp([2, 0, 0]).sum()
    return [f"({p[0]:.3f}, {p[1]:.3f}, {p[2]:.3f})", f"= {-math.log(p[0]):.3f}"]


def wilson_all(n, z=1.96):
    return f"{n / (n + z**2):.2f}"  # the lower end for n of n


def network():
    from morphoscope.learning.networks import build

    module = build("scholz2022-2d", 3, 15)
    trained = sum(p.numel() for p in module.parameters())
    statistics = sum(s.numel() for name, s in module.named_buffers() if "running" in name)
    return [f"{trained + statistics:,}", f"the {statistics} statistics"]


def widths():
    sizes = [128]
    for kernel, stride in ((3, 2), (3, 1), (2, 2), (3, 1), (2, 2), (3, 1), (2, 2)):
        sizes.append((sizes[-1] - kernel) // stride + 1)
    return [" → ".join(map(str, sizes))]


def run_of_the_paper():
    plan = recipe("scholz2022-train")
    steps = plan.steps[-1]
    return [f"{steps:,} steps", f"{steps * plan.grid.height * plan.grid.width:,} cell updates"]


NUMBERS = {
    2: lambda: [f"δt ≤ {DIFFUSION_LIMITS[9] / 0.2:g}"],
    3: lambda: [f"δt ≤ {DIFFUSION_LIMITS[5] / 0.2:g}"],
    4: lambda: [f"{0.4 / 4:g}", f"{4 * 4} times"],
    6: run_of_the_paper,
    9: lambda: [f"= {critical_values(MODEL, 'k', {'f': 0.04}, (0.05, 0.07), ('saddle-node',))[0].value:.2f}:"],
    10: lambda: ["u = {u:.1f}, v = {v:.1f}".format(**lower_state(0.06, 0.06))],
    13: lambda: [f"v = {math.sqrt(0.0625):.2f}"],
    15: lambda: [f"{2 * math.pi / 0.5:.2f}", f"{128 * 0.5 / (2 * math.pi):.1f}"],
    20: lambda: [wilson_all(8)],
    22: least_squares,
    23: lambda: [f"{128 * 128 * 3:,}"],
    25: lambda: [f"{23.1 / 34.9:.3f}", f"{-23.1 + 34.9 * 0.7:.2f}", f"p = {1 / (1 + math.exp(23.1 - 34.9 * 0.7)):.2f}"],
    26: lambda: [f"= {sum(m * n + n for m, n in ((3, 3), (3, 3), (3, 2)))}"],
    27: softmax,
    28: lambda: [f"{math.log(15):.3f}"],
    32: lambda: [f"= {3 * 3 * 32 * 3 + 32}"],
    33: widths,
    34: network,
    38: lambda: [f"{math.sqrt(0.96 * 0.04 / 750):.4f}"],
}


def test_there_are_forty_questions_with_answers():
    assert sorted(ANSWERS) == list(range(1, 41))


@pytest.mark.parametrize("number", NUMBERS)
def test_the_numbers_of_the_answers(number):
    for text in NUMBERS[number]():
        assert text in ANSWERS[number]


@pytest.mark.parametrize(("f", "k"), [(0.03, 0.055), (0.06, 0.062), (0.1, 0.05)])
def test_formulas_of_the_answers_on_steady_states(f, k):
    """Q8, Q11 to Q13: existence, eigenvalues of H, determinant and trace at L and at the middle state."""
    low, middle, high = homogeneous_states(MODEL, {"f": f, "k": k})
    assert k <= (math.sqrt(f) - 2 * f) / 2
    q = 0.7
    rates = dispersion(MODEL, high, [q], parameters={"f": f, "k": k})[0].real
    np.testing.assert_allclose(sorted(rates), sorted([-f - 0.2 * q**2, -(f + k) - 0.1 * q**2]), rtol=1e-9)
    for state, saddle in ((low, False), (middle, True)):
        v = state.values["v"]
        np.testing.assert_allclose(np.linalg.det(state.jacobian), (f + k) * (v**2 - f), rtol=1e-6)
        np.testing.assert_allclose(np.trace(state.jacobian), k - v**2, atol=1e-9)
        assert (v < math.sqrt(f)) == saddle


def test_symbols_of_the_answer_on_the_breaking_wave():
    from morphoscope.engines import Grid

    assert Grid(stencil=5).symbols(np.pi, np.pi)[0] == pytest.approx(-8)
    assert Grid(stencil=9).symbols(np.pi, np.pi)[0] == pytest.approx(-4)
