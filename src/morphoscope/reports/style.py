"""Styles of the bifurcation lines on maps."""

#: Line style by kind of line; any other kind is dashed.
LINE_STYLES = {"Hopf": "dotted", "Turing": "dashdot", "spinodal": "dashdot"}
