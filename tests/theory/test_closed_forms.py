import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.models import get_model
from morphoscope.models.expressions import evaluate
from morphoscope.theory import closed_form_states, existence_margin

FEED = st.floats(0.002, 0.24)


@given(FEED, st.floats(0.001, 0.09))
def test_margin_changes_sign_on_the_line_of_the_paper(f, k):
    line = (np.sqrt(f) - 2 * f) / 2
    margin = existence_margin(get_model("gray-scott"), {"f": f, "k": k})
    if abs(k - line) > 1e-9:
        assert (margin > 0) == (k < line)


@given(FEED)
def test_states_agree_with_the_paper_and_solve_the_equations(f):
    model = get_model("gray-scott")
    k = 0.8 * (np.sqrt(f) - 2 * f) / 2
    values = {**model.defaults, "f": f, "k": k}
    found = [{s: evaluate(e, values) for s, e in state.items()} for state in closed_form_states(model)]
    root = np.sqrt(f**2 - 4 * f * (f + k) ** 2)
    expected = [(1.0, 0.0)] + [((f + s * root) / (2 * f), (f - s * root) / (2 * (f + k))) for s in (1, -1)]
    assert len(found) == 3
    for u, v in expected:
        assert any(np.allclose([state["u"], state["v"]], [u, v], atol=1e-9) for state in found)
    for state in found:
        for term in model.reaction_terms.values():
            assert evaluate(term, {**values, **state}) == pytest.approx(0, abs=1e-9)
