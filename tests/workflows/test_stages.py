"""A study says what it is before anything else is in its folder, and one process works on it."""

import threading

import pytest

from morphoscope.core.errors import UsageError
from morphoscope.workflows.stages import Stage, opened_study
from tests.conftest import Listening

OPTIONS = {"study": "test", "seed": 1}


def test_a_study_that_died_in_its_first_stage_goes_on(tmp_path):
    folder = tmp_path / "study"

    def die():
        (folder / "train").mkdir()
        (folder / "train" / "half").write_text("half")
        raise SystemExit  # the marker is there already: a killed process writes nothing more

    with opened_study(folder, OPTIONS) as study:
        study._save = lambda: None
        with pytest.raises(SystemExit):
            study.run(Stage("first", folder / "train", {}, die), Listening())
    assert {path.name for path in folder.iterdir()} == {"study.json", "train"}
    with opened_study(folder, OPTIONS) as study:
        assert study.run(Stage("first", folder / "train", {}, lambda: None), Listening())
    with pytest.raises(UsageError, match="seed=1, but seed=2"), opened_study(folder, {**OPTIONS, "seed": 2}):
        pass


def test_one_at_a_time(tmp_path):
    told = []

    def second():
        try:
            with opened_study(tmp_path / "study", OPTIONS):
                pass
        except UsageError as error:
            told.append(str(error))

    with opened_study(tmp_path / "study", OPTIONS):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "study is in use: a study by this process" in told[0]
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
