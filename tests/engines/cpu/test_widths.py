"""Runs end with the same bits on processors with vectors of 128, 256 and 512 bits."""

import numpy as np
import pytest

from morphoscope.engines import Grid, Job
from morphoscope.engines.cpu import engine, native
from morphoscope.models import Model, get_model

HERE = native.host_target()
CPUS = {"x86_64": {128: "x86-64", 256: "haswell", 512: "skylake-avx512"}}
FUNCTIONS = Model(
    name="functions",
    reaction={"u": "exp(-u) - u + sin(v)/4", "v": "tanh(u) - v + (u + 2)**p"},
    diffusion={"u": "0.1", "v": "0.2"},
    defaults={"p": 0.3},
)


@pytest.mark.skipif(HERE.family not in CPUS, reason="vectors have one width on this family of processors")
@pytest.mark.parametrize(
    ("model", "noise", "double"),
    [(get_model("gray-scott"), {"u": 0.01}, False), (FUNCTIONS, {}, False), (FUNCTIONS, {}, True)],
    ids=["noise", "functions", "float64"],
)
def test_bits_do_not_depend_on_the_width_of_vectors(model, noise, double, monkeypatch):
    monkeypatch.setattr(engine, "_compiled", engine.Kernel)  # its kernels would be kept as those of this processor
    grid = Grid(16, 64)
    initial = np.random.default_rng(1).random((2, *grid.shape)).astype(np.float32)
    job = Job(model, grid, 0.1, model.complete({}), initial, (50,), noise=noise, seed=3, double=double)
    found = {}
    for bits, cpu in CPUS[HERE.family].items():
        with native.writing_for(native.target_of(HERE.triple, cpu)):
            stepper = engine.EulerStepper(job)
        assert stepper.kernel.lanes == bits // (64 if double else 32)
        stepper.advance(50)
        found[bits] = stepper.read()
    assert np.isfinite(found[128]).all()
    assert found[128].std() > 0
    assert found[128].tobytes() == found[256].tobytes() == found[512].tobytes()
