"""The page that defines the physical descriptors, made from their table.

python tools/descriptors.py  # writes docs/descriptors.md
"""

from pathlib import Path

from morphoscope.descriptors import DESCRIPTORS, Descriptor
from morphoscope.descriptors.spectrum import SMALLEST_SPREAD

PAGE = Path(__file__).parent.parent / "docs" / "descriptors.md"

INTRODUCTION = f"""# Physical descriptors

`morphoscope describe` measures these numbers of every run of an ensemble or an atlas, without a network:

```bash
morphoscope describe gray-scott
```

They are variables of the ensemble (`Ensemble("scan").dataset()`), columns of `points.csv`, and colours of maps
(`morphoscope map atlas --color wavelength --out map.png`). `morphoscope.descriptors.measure(frames)` measures one run.

They are of the first recorded species c, at the last recorded time, except for the last three, which compare frames.
⟨…⟩ is the mean over all cells, P(q) = |F{{c − ⟨c⟩}}(q)|² the power at the wavevector q, and wavenumbers are
q = 2π/wavelength, as in [theory](theory.md). Along axes that are not periodic, the field is multiplied by Hann's window
before the Fourier transform. T is Otsu's threshold, which maximises the variance between the cells above and below it.
Lengths, times and concentrations are in the model's own units.

A frame is *homogeneous* if its standard deviation is no more than {SMALLEST_SPREAD:g} of its mean, or of 1, or, for
models whose initial states are smaller than 0.001, of the largest initial value.

| name | what | unit | definition | undefined (NaN) where |
|---|---|---|---|---|
"""

FOOTER = """
Sources: {sources}.

Wavenumbers stored by version 0.1.0 were 1/wavelength. Ensembles with such descriptors are measured again by
`morphoscope describe`; those of atlases are converted when the atlas is opened, and `morphoscope describe ATLAS`
rewrites its files.

This page is made by `python tools/descriptors.py`.
"""


def row(descriptor: Descriptor) -> str:
    """A row of the table."""
    cells = (
        f"`{descriptor.name}`",
        descriptor.meaning,
        descriptor.unit,
        descriptor.formula,
        descriptor.undefined or "never",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def page() -> str:
    """The whole text of docs/descriptors.md."""
    sources = dict.fromkeys(d.source for d in DESCRIPTORS if d.source)
    of_threshold = ", ".join(f"`{d.name}`" for d in DESCRIPTORS if d.source)
    named = "; ".join(f"{source} ({of_threshold})" for source in sources)
    return INTRODUCTION + "".join(map(row, DESCRIPTORS)) + FOOTER.format(sources=named)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
