"""
Which parameters made a pattern?
================================

An estimator learns the posterior over parameters from a scan without labels. This one is trained for seconds on 96
small runs, so its posteriors are wide.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
ranges = {"A": (3.5, 5.0), "B": (8.0, 11.0)}
plan = morphoscope.scan_plan("brusselator", sample="sobol:96", ranges=ranges, size=48, until=80)
morphoscope.ensemble(plan, folder / "runs")
estimator = morphoscope.train(folder / "runs", target="A,B", epochs=12)

# %%
# Four patterns at other points:
truths = [{"A": A, "B": B} for A, B in [(3.8, 8.6), (3.9, 10.3), (4.6, 9.1), (4.7, 10.4)]]
tests = morphoscope.scan_plan("brusselator", points=truths, size=48, until=80, seed=7)
found = morphoscope.infer(estimator, morphoscope.ensemble(tests, folder / "tests"), draws=200)
print(found)

figure, axes = plt.subplots(figsize=(4.5, 3.5), layout="constrained")
for number, (truth, draws) in enumerate(zip(truths, found.samples, strict=True)):
    axes.plot(*draws.T, ".", color=f"C{number}", markersize=3, alpha=0.5)
    axes.plot(truth["A"], truth["B"], "P", color=f"C{number}", markeredgecolor="black", markersize=11)
axes.set(xlim=ranges["A"], ylim=ranges["B"], xlabel="A", ylabel="B", title="draws from four posteriors; +: the truth")
figure.savefig("estimator.png", dpi=120)
