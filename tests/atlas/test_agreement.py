"""How far two readings agree, against scikit-learn's Cohen's κ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from morphoscope.atlas.agreement import agreement_of

CLASSES = st.sampled_from(["kappa", "lambda", "H", "pi"])


@given(st.lists(st.tuples(CLASSES, CLASSES), min_size=1, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs):
    found = agreement_of(pairs)
    first, second = zip(*pairs, strict=True)
    assert found.n == len(pairs)
    assert found.share == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    assert sum(count for _, _, count in found.differences) == sum(a != b for a, b in pairs)
    if len({*first, *second}) == 1:
        assert found.kappa is None
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


def test_differences_begin_with_the_most_frequent():
    found = agreement_of([("H", "H"), ("H", "pi"), ("pi", "H"), ("pi", "H")])
    assert found.differences == [("pi", "H", 2), ("H", "pi", 1)]
