import csv
import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import morphoscope
from morphoscope.cli import parsing
from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid
from morphoscope.engines.stability import automatic_step, check_step
from morphoscope.ensembles.extremes import extremes, most_demanding
from morphoscope.ensembles.sampling import lattice, read_points, sampled, scan_plan
from morphoscope.ensembles.settings import Settings
from morphoscope.models import Model, get_model

GRAY_SCOTT = get_model("gray-scott")


def values(plan, name):
    return np.array(plan.values(name))


def refusal(make):
    """What is said against it, or None; any other error than a UsageError is not caught."""
    try:
        assert make()
    except UsageError as error:
        return str(error)
    return None


def linear(**fields):
    """A model of which everything is known: u decays and diffuses."""
    given = {"reaction": {"u": "-a*u"}, "diffusion": {"u": "D*E"}, "defaults": {"a": 1.0, "D": 1.0, "E": 1.0}}
    return Model(name="linear", **{**given, **fields})


class TestLattice:
    def test_is_the_product_of_its_axes_with_both_ends(self):
        plan = scan_plan("gray-scott", grid={"f": (0.01, 0.07, 4), "k": (0.05, 0.06, 3)})
        expected = itertools.product((0.01, 0.03, 0.05, 0.07), (0.05, 0.055, 0.06))
        assert list(zip(plan.values("f"), plan.values("k"), strict=True)) == list(expected)

    @given(st.floats(0.0, 0.2), st.floats(1e-6, 0.05), st.integers(1, 50))
    def test_is_even_and_stays_inside(self, low, extent, count):
        found = [p.parameters["f"] for p in lattice(GRAY_SCOTT, {"f": (low, low + extent, count)})]
        assert len(found) == count
        assert min(found) >= low
        assert max(found) <= low + extent
        if count > 1:
            assert np.diff(found) == pytest.approx(extent / (count - 1), rel=1e-4)
        else:
            assert found[0] == pytest.approx(low + extent / 2)

    def test_coordinates_can_be_typed_again(self):
        found = [p.parameters["f"] for p in lattice(GRAY_SCOTT, {"f": (0.0, 0.1, 11)})]
        assert found == [i / 100 for i in range(11)]


class TestSamples:
    @given(st.integers(1, 60), st.integers(0, 2**32))
    def test_a_latin_hypercube_has_one_point_in_each_stretch_of_every_parameter(self, count, seed):
        columns = sampled(GRAY_SCOTT, f"lhs:{count}", {"f": (0.01, 0.05), "k": (0.04, 0.07)}, seed)
        for name, low, high in (("f", 0.01, 0.05), ("k", 0.04, 0.07)):
            unit = (columns[name] - low) / (high - low)
            assert sorted(np.floor(unit * count).astype(int)) == list(range(count))

    @given(st.integers(0, 9), st.integers(0, 2**32))
    def test_a_sobol_sequence_of_a_power_of_two_is_stratified_and_grows(self, power, seed):
        ranges = {"f": (0.01, 0.05), "k": (0.04, 0.07)}
        columns = sampled(GRAY_SCOTT, f"sobol:{2**power}", ranges, seed)
        for name, (low, high) in ranges.items():
            unit = (columns[name] - low) / (high - low)
            assert sorted(np.floor(unit * 2**power).astype(int)) == list(range(2**power))
        more = sampled(GRAY_SCOTT, f"sobol:{2**power + 3}", ranges, seed)
        for name in ranges:
            assert len(more[name]) == 2**power + 3
            np.testing.assert_array_equal(more[name][: 2**power], columns[name])

    @pytest.mark.parametrize("sample", ["lhs:20", "sobol:20"])
    def test_the_seed_decides_and_nothing_else(self, sample):
        def made(seed):
            return scan_plan("gray-scott", sample=sample, ranges={"f": (0.01, 0.05)}, seed=seed)

        assert made(4) == made(4)
        assert made(4).hash == made(4).hash
        assert not set(made(4).values("f")) & set(made(5).values("f"))
        assert not {r.seed for r in made(4).runs} & {r.seed for r in made(5).runs}


class TestReplicates:
    def test_the_runs_of_fewer_are_the_first_of_more(self):
        few, more = (scan_plan("gray-scott", grid={"f": (0.01, 0.05, 5)}, replicates=n, seed=9) for n in (2, 5))
        assert more.runs[:10] == few.runs
        assert len({run.seed for run in more.runs}) == 25
        assert all(more.values("f").count(f) == 5 for f in more.values("f"))

    def test_without_points_the_seeds_alone_differ(self):
        plan = scan_plan("gray-scott", {"f": 0.03, "k": 0.06}, replicates=7)
        assert {run.parameters for run in plan.runs} == {plan.model.complete({"f": 0.03, "k": 0.06})}
        assert plan.parameter_names == ("f", "k")
        assert len({run.seed for run in plan.runs}) == 7


class TestTables:
    def test_columns_of_all_kinds(self, tmp_path):
        path = tmp_path / "p.csv"
        path.write_text("\ufefff, k ,class,runs,seed\n0.03,0.06,kappa,,17\n\n0.04,0.06,,2,\n", encoding="utf-8")
        plan = scan_plan("gray-scott", {"Du": 0.19}, points=path, seed=3)
        assert [(dict(r.parameters)["f"], r.label) for r in plan.runs] == [(0.03, "kappa"), (0.04, None), (0.04, None)]
        assert plan.runs[0].seed == 17
        assert set(plan.values("Du")) == {0.19}
        assert len({r.seed for r in plan.runs}) == 3
        assert len(scan_plan("gray-scott", points=path.with_name("p.csv"), seed=3).runs) == 3

    def test_mappings_are_the_same_as_a_file(self, tmp_path):
        rows = [{"f": 0.03, "k": 0.06, "runs": 2}, {"f": 0.04, "k": 0.05, "runs": 1}]
        path = tmp_path / "p.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["f", "k", "runs"])
            writer.writeheader()
            writer.writerows(rows)
        assert scan_plan("gray-scott", points=rows) == scan_plan("gray-scott", points=path)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (b"", "is empty"),
            (b"\n \n", "is empty"),
            (b"f,k\n", "no rows"),
            (b"f,F\n1,2\n", "unknown column 'F'"),
            (b"f,f\n1,2\n", "'f' occurs twice"),
            (b"f,k\n0.03\n", "line 2: 1 fields, but the header has 2"),
            (b"f,k\n0.03,0.05,1\n", "line 2: 3 fields"),
            (b"f\n0.03\nfast\n", "line 3: parameter f='fast' is not a number"),
            (b"f\n\n0.9\n", "line 3: parameter f=0.9 is out of range"),
            (b"f\nnan\n", "out of range"),
            (b"f,k\n0.03,\n", "is not a number"),
            (b"f,runs\n0.03,1.5\n", "runs '1.5'; expected a whole number"),
            (b"f,runs\n0.03,0\n", "expected a whole number from 1"),
            (b"f,runs\n0.03,9999999\n", "expected a whole number from 1 to 1000000"),
            (b"f,seed\n0.03,-1\n", "seed '-1'"),
            (b"f,seed\n0.03,99999999999999999999\n", "expected a whole number"),
            (b"f,runs,seed\n0.03,2,5\n", "would be identical"),
            (b"f,class\n0.03,\x07\n", "expected a short name"),
            (b"f,k\n0.03,\xff\n", "not UTF-8 text"),
            (b"\xff\xfef\x00\n\x00", "not UTF-8 text"),
            (b'f\n"0.03\n', "comma-separated"),
            (b"f\n0.0" + b"3" * 200_000, "comma-separated"),
            (b"\x89PNG\r\n\x1a\n", "not UTF-8 text"),
        ],
    )
    def test_what_is_no_table_of_points_is_one_line(self, tmp_path, text, words):
        path = tmp_path / "p.csv"
        path.write_bytes(text)
        with pytest.raises(UsageError, match=words) as caught:
            scan_plan("gray-scott", points=path)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400

    @given(st.binary(max_size=200) | st.text(st.sampled_from('fk,;01.9-e" \n\r\tclaruns\x00é'), max_size=60))
    def test_garbage_is_points_or_one_line(self, tmp_path_factory, content):
        path = tmp_path_factory.getbasetemp() / "garbage.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        message = refusal(lambda: read_points(GRAY_SCOTT, path))
        assert message is None or len(message.splitlines()) == 1

    def test_missing_files_are_refused(self, tmp_path):
        for path, words in ((tmp_path / "absent.csv", "does not exist"), (tmp_path, "is a folder")):
            with pytest.raises(UsageError, match=words):
                scan_plan("gray-scott", points=path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"grid": {"f": (0.05, 0.01, 3)}}, "is descending"),
        ({"grid": {"f": (0.01, 0.05, 0)}}, "use a whole number"),
        ({"grid": {"f": (0.01, 0.05, 2.5)}}, "use a whole number"),
        ({"grid": {"f": (0.01, 0.05, math.nan)}}, "use a whole number"),
        ({"grid": {"f": (0.01, 0.05)}}, "expected low, high and number"),
        ({"grid": {"f": (0.01, 0.01, 3)}}, "repeats 0.01 3 times"),
        ({"grid": {"f": (math.nan, 0.05, 3)}}, "out of range"),
        ({"grid": {"f": (0.1, math.inf, 3)}}, "out of range"),
        ({"grid": {"f": (0.1, 0.9, 3)}}, r"f=0.9 is out of range; expected a number in \[0, 0.25\]"),
        ({"grid": {"F": (0.01, 0.05, 3)}}, "unknown parameter 'F' of gray-scott; did you mean 'f'"),
        ({"grid": {"f": (0.01, 0.05, 2000), "k": (0.01, 0.05, 2000)}}, r"4000000 points \(2000 x 2000\)"),
        ({"grid": {"f": (0.01, 0.05, 10**12)}}, "at most 1000000 runs"),
        ({"grid": {"f": (0.01, 0.05, 1000)}, "replicates": 1001}, "1001000 runs"),
        ({"grid": {"f": (0.01, 0.05, 3)}, "parameters": {"f": 0.1}}, "'f' is given twice"),
        ({"grid": {"f": (0.01, 0.05, 3)}, "sample": "lhs:3"}, "grid and sample are both given"),
        ({"sample": "lhs:3"}, "no ranges to draw from"),
        ({"sample": "lhs", "ranges": {"f": (0.01, 0.05)}}, "expected a number of points"),
        ({"sample": "lhs:0", "ranges": {"f": (0.01, 0.05)}}, "1 or more"),
        ({"sample": "lhs:9999999", "ranges": {"f": (0.01, 0.05)}}, "at most 1000000 runs"),
        ({"sample": "sobel:8", "ranges": {"f": (0.01, 0.05)}}, "did you mean 'sobol'"),
        ({"sample": "lhs:3", "ranges": {"f": (0.05, 0.05)}}, "is a single value; give f=0.05"),
        ({"sample": "lhs:3", "ranges": {"f": (0.05, 0.01)}}, "is descending"),
        ({"sample": "lhs:3", "ranges": {"f": (0.05,)}}, "expected low and high"),
        ({"ranges": {"f": (0.01, 0.05)}}, "without a sample"),
        ({"points": []}, "no points are given"),
        ({"points": [{"f": 0.1}, {"g": 0.1}]}, "point 1: unknown column 'g'"),
        ({"replicates": 0}, "use 1 or more"),
        ({"seed": -1}, "negative"),
        ({"record": ("w",)}, "unknown species 'w'"),
        ({"parameters": {"F": 1}}, "did you mean 'f'"),
        ({"grid": {"Du": (0.1, 0.9, 9)}, "dt": 2.0}, "exceeds the diffusion limit"),
    ],
)
def test_what_makes_no_scan_is_one_line(arguments, words):
    with pytest.raises(UsageError, match=words) as caught:
        morphoscope.scan_plan("gray-scott", **arguments)
    assert "\n" not in str(caught.value)


def test_a_model_by_name_or_object_with_its_defaults():
    model = get_model("gray-scott")
    plan = morphoscope.scan_plan(model, grid={"f": (0.01, 0.05, 2)})
    assert plan == morphoscope.scan_plan("gray-scott", grid={"f": (0.01, 0.05, 2)})
    assert (plan.dt, plan.until, plan.record) == (model.dt, model.until, ("u",))
    assert plan.times == (model.until - 2 * model.apart, model.until - model.apart, model.until)
    other = morphoscope.scan_plan(
        model, size=(64, 48), until=50.0, dt=0.5, record=("u", "v"), initial="spots", stencil=5
    )
    assert (other.grid.shape, other.grid.stencil, other.until, other.dt) == ((48, 64), 5, 50.0, 0.5)
    assert (other.record, str(other.initial)) == (("u", "v"), "spots")
    with pytest.raises(UsageError, match="did you mean 'gray-scott'"):
        morphoscope.scan_plan("gray-scot")


class TestExtremes:
    """A result that is computed for few points holds for all."""

    def test_of_a_lattice_are_its_corners(self):
        plan = scan_plan("gray-scott", grid={"f": (0.01, 0.05, 9), "k": (0.05, 0.06, 9)})
        found = {(dict(row)["f"], dict(row)["k"]) for row in extremes([r.parameters for r in plan.runs])}
        assert found == set(itertools.product((0.01, 0.05), (0.05, 0.06)))

    def test_an_automatic_step_is_allowed_everywhere(self):
        model = linear()
        plan = scan_plan(model, grid={"a": (0.1, 8.0, 9), "D": (0.01, 3.0, 9)})
        steps = [automatic_step(model, plan.grid, run.parameters) for run in plan.runs]
        assert plan.dt == min(steps) < max(steps)

    @given(st.integers(0, 2**32))
    def test_a_step_beyond_the_limit_of_one_point_is_refused(self, seed):
        """The largest product of two parameters may be in the middle of both."""
        model = linear(ranges={"D": (0, 10), "E": (0, 10)})
        grid = Grid(16, 16)
        random = np.random.default_rng(seed)
        points = [{"D": d, "E": e} for d, e in random.uniform(0, 3, (100, 2)).tolist()]
        largest = max(point["D"] * point["E"] for point in points)
        demanding = most_demanding(model, [model.complete(point) for point in points])
        assert max(row["D"] * row["E"] for row in demanding) == largest
        settings = Settings(size=(16, 16), until=1.0, dt=0.5 / largest * 1.01, times=(0.0,))
        with pytest.raises(UsageError, match="exceeds the diffusion limit"):
            scan_plan(model, points=points, settings=settings)
        plan = scan_plan(model, points=points, settings=dataclasses.replace(settings, dt=0.5 / largest * 0.99))
        for run in plan.runs:
            check_step(model, grid, [run.parameters], plan.dt)


names = st.text(st.sampled_from("fkAB_ =:"), max_size=4)
numbers = st.text(st.sampled_from("0123456789.-+enaif_ "), max_size=4)


class TestTexts:
    def test_axes_and_spans(self):
        assert parsing.axes(["A=2:5:40", " B = 4:1e1:6"]) == {"A": (2.0, 5.0, 40), "B": (4.0, 10.0, 6)}
        assert parsing.spans(["A=2:5"]) == {"A": (2.0, 5.0)}
        assert parsing.axes(None) is None
        assert parsing.spans([]) is None

    @pytest.mark.parametrize(
        "text", ["A", "A=", "=1:2:3", "A=1:2", "A=1:2:3:4", "A=1:2:x", "A=1:2:²", "A=1:2:-3", "A=a:2:3"]
    )
    def test_other_axes_are_one_line(self, text):
        with pytest.raises(UsageError, match=r"A|=") as caught:
            parsing.axes([text])
        assert "\n" not in str(caught.value)
        with pytest.raises(UsageError, match="twice"):
            parsing.axes(["A=1:2:3", "A=1:2:3"])

    @given(names, st.lists(numbers, max_size=4))
    def test_any_text_is_a_plan_or_one_line(self, name, parts):
        text = f"{name}={':'.join(parts)}"
        for read, argument in ((parsing.axes, "grid"), (parsing.spans, "ranges")):
            sample = None if argument == "grid" else "lhs:2"
            message = refusal(lambda r=read, a=argument, s=sample: scan_plan("gray-scott", sample=s, **{a: r([text])}))
            assert message is None or len(message.splitlines()) == 1
