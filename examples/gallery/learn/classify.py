"""
Read one pattern
================

A classifier that comes with the package gives the probability of each class, a known score, and the set of classes
that contains the right one in 90 % of cases.
"""

import matplotlib.pyplot as plt

import morphoscope

run = morphoscope.simulate("gray-scott", {"f": 0.03, "k": 0.057}, seed=1)
read = morphoscope.classify("gray-scott-second-pass", run)
print(read, "known score", read.known, "set", read.set_of(0))

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
left.imshow(run.species("u")[-1], cmap="cividis")
left.set_axis_off()
left.set_title(read.names[0])
right.barh(read.classes, read.probabilities[0])
right.tick_params(labelsize=7)
right.set_xlabel("probability")
figure.savefig("classify.png", dpi=120)
