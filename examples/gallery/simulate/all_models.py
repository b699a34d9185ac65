"""
All built-in models
===================

:func:`morphoscope.list_models` names them; each has defaults for its parameters, its cell size, its time step and its
start. Here every model runs for a quarter of its usual time.
"""

import matplotlib.pyplot as plt

import morphoscope

models = morphoscope.list_models()
figure, axes = plt.subplots(2, 7, figsize=(11, 3.6), layout="constrained")
for place, model in zip(axes.flat, models, strict=True):
    run = morphoscope.simulate(model.name, size=96, until=model.until / 4, seed=1)
    place.imshow(run.species(model.species[0])[-1], cmap="cividis")
    place.set_title(model.title.replace(" ", "\n", 1), fontsize=8)
    place.set_axis_off()
figure.savefig("all_models.png", dpi=120)
