"""The commands chart and regroup."""

import json

from tests.cli.in_process import cli_here
from tests.cli.test_cli import fails


def test_from_equations_to_a_classifier_of_named_groups(tmp_path):
    done = cli_here(
        "chart", "--model", "brusselator", "--grid", "A=1.6:3.4:5", "--grid", "B=4:10:6", "-p", "Dv=5",
        "--size", "32x32", "--until", 100, "--groups", 2, "--out", "made", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "made/atlas/chart.html" in done.stdout
    changed = cli_here(
        "regroup", "made", "--rename", "g1=spots", "--split", "g2=2", "--confirm", "--json", cwd=tmp_path
    )
    names = [row["name"] for row in json.loads(changed.stdout)["groups"]]
    assert names[:3] == ["spots", "g2a", "g2b"]
    undone = cli_here("regroup", "made", "--undo", "--json", cwd=tmp_path)
    assert [row["name"] for row in json.loads(undone.stdout)["groups"]][:2] == ["g1", "g2"]
    fails(cli_here("regroup", "made", "--undo", cwd=tmp_path), "left to undo")
    cli_here("regroup", "made", "--rename", "g1=spots", cwd=tmp_path)
    drawn = cli_here("montage", "made", "--class", "spots", "--out", "spots.png", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    again = cli_here("chart", "made/scan", "--out", "made/atlas", cwd=tmp_path)
    fails(again, "--overwrite")
    few = cli_here("chart", "--model", "brusselator", "--size", "32x32", "--out", "other", cwd=tmp_path)
    fails(few, "the plan has 1 run; a chart needs at least 6 with a pattern; let parameters vary (option --grid)")
    fails(cli_here("evaluate", "gray-scott-first-pass", "made/atlas", cwd=tmp_path), "made/atlas is an atlas, not an")
    assert "regroup made/atlas --confirm" in done.stdout
    confirmed = cli_here("regroup", "made", "--merge", "both=spots,g2", "--confirm", cwd=tmp_path)
    assert "both was merged or split by people, so that the stability is not known" in confirmed.stdout
    assert "to train on them: morphoscope train made/atlas" in confirmed.stdout
    assert cli_here("regroup", "made", "--undo", cwd=tmp_path).returncode == 0
    fails(cli_here("chart", "--out", "other", cwd=tmp_path), "nothing to chart")
    fails(cli_here("chart", "made/scan", "--grid", "A=1:2:3", "--out", "other", cwd=tmp_path), "simulated already")
    fails(cli_here("chart", "made/scan", "--model", "brusselator", "--out", "o", cwd=tmp_path), "omit one")
    fails(cli_here("regroup", "made", "--split", "spots=many", cwd=tmp_path), "GROUP=PARTS")
    fails(cli_here("regroup", "made", "--color", "spots", cwd=tmp_path), "GROUP=#rrggbb")
    fails(cli_here("regroup", "made", "--symbol", "spots=g2", cwd=tmp_path), "is that of g2")
    assert not (tmp_path / "other").exists()
