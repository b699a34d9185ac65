"""Thousands of malformed formulas and files: each yields a one-line error quickly, and no code is executed."""

import contextlib
import signal
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.models.expressions import parse
from morphoscope.models.files import TEMPLATE, load_model, model_from_toml
from morphoscope.models.model import Model

NAMES = ("u", "v", "a", "b")
PATIENCE = 10  # seconds; inputs should take less than one, so only a hang fails, even on a busy machine
FUZZ = settings(max_examples=1800, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

FORMULAS = (
    "a - u + u**2*v", "b - u**2*v", "f*(1 - u) - u*v**2", "-laplace(laplace(u)) + a*u - u**3",
    "u*(1 - u)*(u - (v + b)/a)", "exp(-u**2)/(1 + abs(v))", "sqrt(1 + u**2) - log(2 + cos(v))",
    "tanh(a*(u - v)) + dx(u**2)", "-(u + v)**3/7.5e-1", "1",
)  # fmt: skip
PAYLOADS = (
    "__import__('os').system('touch canary')", "open('canary', 'w')", "exec('1')", "eval('1')",
    "().__class__.__bases__", "u.__class__", "lambda: u", "[u for u in (1,)]", "u if v else a", "f'{u}'", "(u := 1)",
    "print(u)", "import os", "globals()", "u[0]", "'u'*10**9", "\"\"\"u\"\"\"", "os.system('touch canary')", "(yield)",
    "await u", "...", "u; v",
)  # fmt: skip
NASTY = (
    "", " ", "\t", "\n", "\x00", "\ufeffu", "\ud800", "\u202eu", "\u2028u", "u\u0301", "ｕ", "𝐮", "ﬁ", "ª", "u²", "u₁",
    "½", "Ⅷ", "٣", "१*u", "−u", "u×v", "u·v", "u÷v", "u≤v", "√u", "∂u", "🙂", "u\u200bv", "u\u00a0+v", "u\\\nv", "u#v",
    "u\r\n+v", "u,v", "u=v", "u==v", "u^v", "u//v", "u%v", "u@v", "~u", "!u", "u!", "$u", "u?", "u'", "`u`", "{u}",
    "[u]", "<u>", "u|v", "u&v", "u<<v", "u.v", "u:v", "0x1F", "0b11", "0o17", "1_000", "1__0", "1e", "1e+", "1.2.3",
    "..", ".", "1j", "1e999", "1e-999", "9e99999999999", "-1e999", "0**-1", "0/0", "1/0", "u/0", "0**-u*0**-1",
    "(-1)**0.5", "(-8)**(1/3)", "sqrt(-1)", "log(0)", "log(-1)", "log(u - u)", "sqrt(-u**2)", "abs(2**sqrt(u))",
    "10**400", "9**9**9", "9**64**64", "((9**64)**64)**64", "((((u*9)**64)**64)**64)**64", "2**(10**30*u/u)",
    "2**(a + 10**38)", "(1 + 1e-9)**64**64", "(2/3)**-9999", "u**-9999", "u**1e9", "u**u**u**u**u**u**u",
    "(u + v + 1)**64", "((u + v)**8)**8", "(u + v)**60*(u - v)**60", "exp(60*log(u + v + 1))",
    "(sqrt(u + v + 1)**64)**2", "(" * 3000, "(" * 900 + "u" + ")" * 900, "-" * 1900 + "u", "+" * 1900, "u" * 2001,
    "9" * 5000, "1" + "0" * 1900, "0." + "0" * 1900, "u**" * 600 + "u", "u/" * 900 + "u", "u*(" * 500,
    "exp(" * 400 + "u" + ")" * 400, "tanh(" * 60 + "u" + ")" * 60, "sqrt(u + " * 60 + "1" + ")" * 60,
    "1/(1 + " * 60 + "u" + ")" * 60, "abs(u - sqrt(v - " * 20 + "1" + "))" * 20,
    "*".join(f"(u + {i})" for i in range(200)), "+".join(f"sin({i}*u)" for i in range(180)), "+".join(["u*v"] * 480),
    "*".join(f"abs(u - {i}*v)" for i in range(100)), "/".join(f"(u + {i}*v)" for i in range(1, 150)), "u v", "2u",
    "u(v)", "exp", "exp u", "exp()", "exp(u", "exp u)", "exp(u, v)", "exp(*u)", "exp(**u)", "exp(x=u)", "exp(exp)",
    "(u)(v)", "()", "(", ")", "u)", "(u", "u +", "* u", "u ** ", "u *** v", "u -- -", "laplace(u)", "laplace",
    "dx(dx(dx(dx(dx(u)))))", "True", "None", "pi", "E", "I", "oo", "nan", "inf", "zoo", "S(1)", "Symbol('u')",
    "u__class__", "_", "__", "lambda", "and", "u and v", "not u", "u is v", "del u",
)  # fmt: skip


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Runs a reader on an input; fails for a hang, an error other than a one-line UsageError, or executed code.

    Returns whether the input was rejected.
    """
    events = []
    watching = False

    def hook(event, arguments):
        if watching and event in ("compile", "os.system", "subprocess.Popen", "os.exec", "socket.connect", "exec"):
            source = getattr(arguments[0], "co_filename", "<text>") if event == "exec" else arguments[0]
            if event not in ("compile", "exec") or not str(source).endswith(".py"):
                events.append((event, str(source)[:80]))

    def late(*_):
        raise TimeoutError(f"more than {PATIENCE} s")

    parse("exp(u) + sqrt(u) + (u + 1)**0.5 + log(u) + sin(u)*cos(u)*tanh(abs(u))", ["u"])  # late imports
    sys.addaudithook(hook)
    folder = tmp_path_factory.mktemp("canary")

    def run(reader, text):
        nonlocal watching
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, late)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        watching, refused = True, False
        try:
            reader(text)
        except UsageError as error:
            refused = True
            line = str(error)
            assert len(line.splitlines()) == 1, line
            assert len(line) < 700, line
            assert line.isprintable(), line
        finally:
            watching = False
            if hasattr(signal, "SIGALRM"):
                signal.setitimer(signal.ITIMER_REAL, 0)
        assert events == []
        assert list(folder.iterdir()) == []
        return refused

    with contextlib.chdir(folder):
        yield run


def read_formula(text):
    parse(text, NAMES, operators=True)


def read_file(text):
    model = model_from_toml(text)
    assert isinstance(model, Model)


def test_hostile_formulas(guarded):
    refused = [guarded(read_formula, text) for text in (*NASTY, *PAYLOADS)]
    assert sum(refused) >= 150


def mutated(texts, pieces):
    """One of the texts with one to four changes: a piece inserted, or a part deleted, duplicated or moved."""

    def change(text, edits):
        for kind, at, length, piece in edits:
            start = at % (len(text) + 1)
            stretch = text[start : start + length]
            rest = text[start + length :]
            if kind == "put":
                text = text[:start] + piece + text[start:]
            elif kind == "replace":
                text = text[:start] + piece + rest
            elif kind == "cut":
                text = text[:start] + rest
            elif kind == "double":
                text = text[:start] + stretch * 3 + rest
            elif kind == "end":
                text = text[:start]
            else:
                text = text[:start] + stretch[::-1] + rest
        return text

    kinds = st.sampled_from(["put", "put", "replace", "replace", "cut", "double", "turn", "end"])
    edit = st.tuples(kinds, st.integers(0, 5000), st.integers(1, 6), pieces)
    return st.builds(change, st.sampled_from(texts), st.lists(edit, min_size=1, max_size=4))


FORMULA_PIECES = (
    st.sampled_from([*"()+-*/.,^=#'\"\\[]{}:;_@$!?~%&|<> \n\t\x00", "**", "e", "1e9", "1e400", "64", "/0", "(("])
    | st.sampled_from(["u", "w", "exp(", "log(", "sqrt(", "laplace(", "α", "ｕ", "−", "²", "\u2028", "\ud800", "**64"])
    | st.sampled_from(PAYLOADS)
    | st.text(max_size=4)
)  # fmt: skip


def test_mutated_formulas(guarded):
    refused = []

    @FUZZ
    @given(mutated(FORMULAS, FORMULA_PIECES) | st.text(max_size=60))
    def check(text):
        refused.append(guarded(read_formula, text))

    check()
    assert sum(refused) >= 1400, (sum(refused), len(refused))


FILE = TEMPLATE.read_text(encoding="utf-8")
BARE = "\n".join(line.split("#")[0].rstrip() for line in FILE.splitlines() if line.split("#")[0].strip())
FILE_PIECES = (
    st.sampled_from([*"[]{}=,.\"'#\\\n\t\x00\r-_", "[[", "]]", '"""', "'''", "= =", "1979-05-27", "inf", "true"])
    | st.sampled_from(["[run]\n", "[other]\n", "u = 1\n", "u = []\n", "a.b = 1\n", "dt = 0\n", "until = ''\n"])
    | st.sampled_from(["\x1b[31m", "\ud800", "α = 1\n", "9" * 5000, "0x_", "1_0", "[reaction]\nu = '''u\n'''\n"])
    | st.sampled_from([*FORMULAS, *PAYLOADS])
    | st.text(max_size=4)
)  # fmt: skip
HEAD = 'name = "m"\n[reaction]\nu = "-u"\n'
NASTY_FILES = (
    "", "\x00", "name", "name = ", 'name = "m"', "[reaction]\nu = '-u'", 'name = 3\n[reaction]\nu = "-u"',
    'name = ""\n[reaction]\nu = "-u"', 'name = "m"\nreaction = "-u"', 'name = "m"\nreaction = []',
    'name = "m"\n[reaction]', 'name = "m"\n[reaction]\nu = 1', 'name = "m"\n[reaction]\nu = ["-u"]',
    'name = "m"\n[reaction]\n"u v" = "1"', 'name = "m"\n[reaction]\nlambda = "1"', 'name = "m"\n[reaction]\nexp = "1"',
    'name = "m"\n[reaction]\n_u = "1"', 'name = "m"\n[reaction]\n"" = "1"',
    'name = "m"\n[reaction]\nu = "-u"\nu = "u"', 'name = "m\\u001b[31m"\n[reaction]\nu = "-u"',
    'name = "a\\nb"\n[reaction]\nu = "-u"', 'name = "m"\n[reaction]\n' + "".join(f's{i} = "1"\n' for i in range(5)),
    'name = "m"\n[[reaction]]\nu = "-u"', HEAD + "[diffusion]\nv = 1", HEAD + "[diffusion]\nu = true",
    HEAD + "[diffusion]\nu = inf", HEAD + '[diffusion]\nu = "u"', HEAD + '[diffusion]\nu = "laplace(1)"',
    HEAD + "[diffusion]\nu = 1e999", HEAD + "[diffusion]\nu = 1979-05-27", HEAD + "[parameters]\nu = 1",
    HEAD + "[parameters]\na = nan", HEAD + "[parameters]\na = '1'", HEAD + "[parameters]\na = {}",
    HEAD + "[parameters]\na = { default = 1, rnage = [0, 1] }",
    HEAD + "[parameters]\na = { default = 2, range = [0, 1] }",
    HEAD + "[parameters]\na = { default = 1, range = [2, 0] }",
    HEAD + "[parameters]\na = { default = 1, range = [0, 1, 2] }",
    HEAD + "[parameters]\na = { default = 1, range = 'all' }", HEAD + "[parameters]\na = { default = 1, meaning = 3 }",
    HEAD + "[parameters]\na = 1" + "0" * 400, HEAD + "[parameters]\na = " + "9" * 5000, HEAD + "[background]\nw = 1",
    HEAD + "[background]\nu = inf", HEAD + "[perturbation]\nu = []", HEAD + "[run]\ndt = 0", HEAD + "[run]\ndt = -1",
    HEAD + "[run]\ndt = nan", HEAD + "[run]\ndt = true", HEAD + "[run]\nuntil = 'long'", HEAD + "[run]\nspacing = 0",
    HEAD + "[run]\nshown = 1", HEAD + "[run]\nshown = [1, 0]", HEAD + "[run]\nplane = ['a', 'b']",
    HEAD + "[run]\nplane = 'a'", HEAD + "[run]\ntime = 1", HEAD + "[run]\ninitial = 3", HEAD + "[rum]\ndt = 1",
    HEAD + "run = 1\n[run]", HEAD + "x = " + "[" * 5000, HEAD + "x = " + "{a=" * 3000,
    HEAD + ".".join(["a"] * 3000) + " = 1", HEAD + "[" + ".".join(["a"] * 3000) + "]", HEAD + "a" * 90_000 + " = 1",
    HEAD + "x = '" + "a" * 90_000 + "'", HEAD + 'v = "' + "u + " * 20_000 + 'u"',
    HEAD + "".join(f"p{i} = 1\n" for i in range(5000)), 'name = "m"\n[reaction]\nu = """\n-u\n"""',
    'name = "m"\n[reaction]\nu = "q - u"', 'name = "m"\n[reaction]\nu = "__import__(\'os\')"',
)  # fmt: skip


def test_hostile_files(guarded):
    for text in NASTY_FILES:
        assert guarded(read_file, text), text[:200]


def test_mutated_files(guarded):
    refused = []

    @settings(FUZZ, max_examples=1000)
    @given(mutated((FILE, BARE, BARE), FILE_PIECES))
    def check(text):
        refused.append(guarded(read_file, text))

    check()
    assert sum(refused) >= 700, (sum(refused), len(refused))


def test_bytes_that_are_not_text(guarded, tmp_path):
    whole = FILE.encode()
    for number, raw in enumerate(
        (
            b"\xff\xfe",
            whole[:50] + b"\xff" + whole[50:],
            whole.decode().encode("utf-16"),
            bytes(range(256)),
            b"#" * 100_001,
        )
    ):
        path = tmp_path / f"{number}.toml"
        path.write_bytes(raw)
        assert guarded(load_model, path)
    for path in (tmp_path, tmp_path / "absent.toml", "a\x00b.toml", "x" * 5000 + ".toml"):
        assert guarded(load_model, path)
