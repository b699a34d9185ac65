"""
A model of your own
===================

Equations are text, which is parsed and compiled, never evaluated. A Schnakenberg model in which the diffusion of v
also moves u: with the strength c of this coupling, spots grow smaller and sharper.
"""

import matplotlib.pyplot as plt

import morphoscope

model = morphoscope.Model(
    name="cross",
    reaction={"u": "a - u + u**2*v + c*laplace(v)", "v": "b - u**2*v"},
    diffusion={"u": "1", "v": "d"},
    defaults={"a": 0.1, "b": 0.9, "c": 0.0, "d": 20.0},
    initial="steady",
    shown=None,
    until=150.0,
)

# %%
# The checks that every built-in model must pass, too:
for check in morphoscope.check_model(model):
    print(f"{check.name}: {'passed' if check.passed else 'failed'}")

# %%
# Its patterns:
figure, axes = plt.subplots(1, 3, figsize=(8, 2.8), layout="constrained")
for place, c in zip(axes, (-2.0, 0.0, 2.0), strict=True):
    run = morphoscope.simulate(model, {"c": c}, size=96, seed=1)
    image = place.imshow(run.species("u")[-1], cmap="cividis")
    figure.colorbar(image, ax=place, shrink=0.8)
    place.set_title(f"c = {c:g}", fontsize=9)
    place.set_axis_off()
figure.savefig("own_model.png", dpi=120)
