"""The grammar: what is parsed, its values, what is rejected and at which position."""

import math

import pytest
import sympy
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.models import Model
from morphoscope.models.expansion import MAX_TERMS, expanded_size
from morphoscope.models.expressions import MAX_NESTED_OPERATORS, UnknownNameError, evaluate, parse

NAMES = ("u", "v", "f", "α")
VALUES = {"u": 0.7, "v": 1.3, "f": 0.4, "α": 2.0}


def refused(text, **options):
    with pytest.raises(UsageError) as caught:
        parse(text, NAMES, **options)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert len(line) < 400
    return line


#: Text, the column of the offending character, and part of the message.
WHERE = [
    ("  $u", 3, "'$' can't be used"),
    ("α + $", 5, "'$' can't be used"),  # two bytes, one column
    ("αα", 1, "unknown name 'αα'"),
    ("u + q", 5, "unknown name 'q'"),
    ("u +", 4, "the formula ends here"),
    ("", 1, "the formula ends here"),
    ("(u + v", 7, "expected ) to close the ( at column 1"),
    ("exp(u", 6, "expected ) to close the ( at column 4"),
    ("u)", 2, "')' is not allowed here"),
    ("u v", 3, "'v' is not allowed here"),
    ("2u", 1, "and * between factors"),
    ("u*0x1F", 3, "write decimal numbers"),
    ("1_000", 1, "write decimal numbers"),
    ("1j", 1, "write decimal numbers"),
    ("1.2.3", 1, "write decimal numbers"),
    ("u + ｖ", 5, "type 'v'"),  # a full-width v
    ("u\N{MINUS SIGN}v", 2, "type -"),
    ("u²", 2, "write **2"),
    ("u^2", 2, "write **"),
    ("u\n+ v", 2, "one line"),
    ("u \\\n+ v", 3, "one line"),
    ("u # much", 3, "can't have comments"),
    ("u\x00", 2, "'\\x00' can't be used"),
    ("u + ٣", 5, "can't be used"),  # a digit other than 0 to 9
    ("exp(u, v)", 6, "one argument"),
    ("exp()", 5, "')' is not allowed here"),
    ("u(v)", 1, "'u' is not a function"),
    ("expp(u)", 1, "did you mean 'exp'"),
    ("laplace(u)", 1, "unknown function 'laplace'"),
    ("v*(1/(u - u))", 7, "division by zero"),
    ("v + 0**-1", 5, "division by zero"),
    ("v*(-1)**0.5", 4, "not a real number"),
    ("v + sqrt(-1)", 5, "not a real number"),
    ("v + log(0)", 5, "not a real number"),
    ("v*1e999", 3, "not a real number"),
    ("v*1e-999", 3, "not a real number"),
    ("v*exp(100)", 3, "not a real number"),
    ("v*sqrt(u - u - 1)", 3, "not a real number"),
    ("u**65", 4, "exceeds ±64"),
    ("u**-65", 4, "exceeds ±64"),
    ("2**(f + 10**30)", 5, "exceeds ±64"),
    ("2**(10**30*f/f)", 5, "exceeds ±64"),
    ("u*" + "9" * 41, 3, "41 characters"),
    ("-" * 50 + "u", 41, "nested deeper than 40"),
]


@pytest.mark.parametrize(("text", "column", "words"), WHERE, ids=[repr(text)[:30] for text, _, _ in WHERE])
def test_the_offending_character_is_named(text, column, words):
    line = refused(text)
    assert f"column {column}: " in line
    assert words in line


def test_a_long_formula_is_shortened_in_messages():
    line = refused("u + " * 300 + "$" + " + u" * 100)
    assert "column 1201" in line
    assert "u + $ + u" in line


def test_the_error_contains_the_unknown_name():
    with pytest.raises(UnknownNameError) as caught:
        parse("u - threshold", NAMES)
    assert caught.value.name == "threshold"


@pytest.mark.parametrize("text", [3, None, b"u", ["u"]])
def test_other_types_than_text_are_rejected(text):
    refused(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("((9**64)**64)**64", "not a real number"),
        ("9**64**64", "not a real number"),
        ("((2*u)**64)**64", "can exceed 1e±300"),
        ("(1e30*u + 1)**64", "can exceed 1e±300"),
        ("(12345678901234567890/12345678901234567891)**64", "can exceed 1e±300"),
        ("(u + v + 1)**64", "2145 terms"),
        ("*".join(f"(u + {i}*v)" for i in range(1, 30)), "256 terms"),
        ("((((u + 1)**2 + 1)**2 + 1)**2 + 1)**2", "names and numbers"),
        ("(u + v)**(f + 60)*(u + v)**60", "terms"),
        ("tanh(" * 4 + "u" + ")" * 4, "nested deeper than 3"),
        ("1/(1 + " * 4 + "u" + ")" * 4, "nested deeper than 3"),
        ("exp(60*log(u + v + 1))", "write a power"),
        ("exp((f + 60)*log(u + v + 1))", "write a power"),
        ("sqrt(u + v + 1)**64*sqrt(u + v + 1)**64", "561 terms"),
        ("(1/(u + v + 1))**-60", "1891 terms"),
        ("u" * 2001, "2001 characters"),
    ],
)
def test_formulas_that_would_take_long_are_rejected(text, words):
    assert words in refused(text)


def within_its_bound(expression):
    """Whether expansion stays within the predicted size."""
    terms, leaves = expanded_size(expression, {})
    made = sympy.expand(expression)
    found = sum(1 for part in sympy.preorder_traversal(made) if part.is_Symbol)
    return len(sympy.Add.make_args(made)) <= terms <= MAX_TERMS and found <= leaves


@pytest.mark.parametrize(
    "text",
    [
        "(u + v + 1)**6", "u**4*(u - v)**3/(1 + u**2)", "log(2*u)**5", "exp(u + v)**3*(u + 1)", "(u*v + 1)**f",
        "(u + v)**2.5", "sqrt(u + v)**7", "laplace((u + v)**3)", "(u + v)**(f + 3)", "abs(u - v)*(1 + log(2*u*v))",
        "sqrt(u + v)*(1 + sqrt(u + v))", "abs(u - v)*(f + abs(u - v))", "(1/(u + v))**-7",
        "(u + v)**f*(u + v)**(9 - f)", "u**4/((abs(u) + 1)**4*(abs(v) + 1)**4)", "(1/(u + 1) + 1)*(1/(v + 1)**3 + u)",
    ],
)  # fmt: skip
def test_expansion_stays_within_the_bound(text):
    assert within_its_bound(parse(text, NAMES, operators=True))


def test_nesting_of_operators_is_limited():
    inner = "u"
    for _ in range(MAX_NESTED_OPERATORS):
        inner = f"laplace({inner})"
    assert str(parse(inner, NAMES, operators=True)) == inner
    assert "column 4: operators nested" in refused(f"v*dx({inner})".replace("v*", "v* "), operators=True)


def test_sums_may_be_long():
    assert evaluate(parse(" + ".join(["u"] * 150), NAMES), VALUES) == pytest.approx(150 * VALUES["u"])


def test_spelling_of_numbers():
    assert [evaluate(parse(text, NAMES), {}) for text in ("1", "1.", ".5", "1e-3", "2.5E+2", "007")] == [
        1, 1, 0.5, 0.001, 250, 7,
    ]  # fmt: skip


def pairs():
    """Formulas as text together with their values, computed without the parser."""
    leaves = st.sampled_from(list(VALUES.items())) | st.floats(0.1, 9).map(lambda x: (repr(round(x, 3)), round(x, 3)))
    functions = [(name, getattr(math, name)) for name in ("exp", "sin", "cos", "tanh")] + [("abs", abs)]

    def grown(inner):
        two = st.tuples(inner, inner)
        return (
            two.map(lambda p: (f"({p[0][0]} + {p[1][0]})", p[0][1] + p[1][1]))
            | two.map(lambda p: (f"({p[0][0]} - {p[1][0]})", p[0][1] - p[1][1]))
            | two.map(lambda p: (f"{p[0][0]}*{p[1][0]}", p[0][1] * p[1][1]))
            | two.map(lambda p: (f"{p[0][0]}/(1 + abs({p[1][0]}))", p[0][1] / (1 + abs(p[1][1]))))
            | inner.map(lambda p: (f"({p[0]})**2", p[1] ** 2))
            | inner.map(lambda p: (f"(-{p[0]}**2)", -(p[1] ** 2)))
            | st.tuples(st.sampled_from(functions[1:]), inner).map(
                lambda p: (f"{p[0][0]}({p[1][0]})", p[0][1](p[1][1]))
            )
        )

    # A product inside -a**2 would bind differently: leaves and products go into parentheses.
    return st.recursive(
        leaves.map(lambda p: (f"({p[0]})", p[1])), lambda i: grown(i).map(lambda p: (f"({p[0]})", p[1])), max_leaves=10
    )


@settings(max_examples=150)
@given(pairs())
def test_text_has_the_expected_value(pair):
    text, value = pair
    try:
        parsed = parse(text, NAMES)
    except UsageError:  # too large
        reject()
    assert within_its_bound(parsed)
    assert evaluate(parsed, VALUES) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_powers_of_plain_numbers_are_as_in_numpy():
    """Evaluating a formula where it is undefined is not an error and yields no complex number."""
    assert evaluate(parse("u**-1", NAMES), {"u": 0.0}) == math.inf
    assert math.isnan(evaluate(parse("u**0.5", NAMES), {"u": -1.0}))
    assert evaluate(parse("u**f", NAMES), VALUES) == VALUES["u"] ** VALUES["f"]


def test_blanks_before_a_parenthesis_make_no_difference():
    plain, tabbed = (Model(name="m", reaction={"u": f"laplace{blank}(u)"}) for blank in ("", " \t"))
    assert plain.reaction_terms == tabbed.reaction_terms
    assert not plain.diffusion_only
    assert not tabbed.diffusion_only
