"""Make similarity.npz of the shipped atlases: where the explorer shows patterns that look alike near each other.

    python tools/similarity.py

It simulates the patterns again, in about three minutes on one core, and records the file in atlas.json.
"""

from __future__ import annotations

from morphoscope.atlas import Atlas
from morphoscope.atlas.files import ATLAS_FILE, shipped_folder, shipped_names
from morphoscope.atlas.similarity import FILE, arrange_patterns, write_similarity
from morphoscope.core.checksums import FILES, record_files
from morphoscope.core.storage import read_json, write_json
from morphoscope.learning.encoder import Encoder


def main() -> None:
    """Lay out the patterns of each shipped atlas."""
    for name in shipped_names():
        atlas, folder = Atlas(name), shipped_folder() / name
        found = arrange_patterns(atlas, Encoder.shipped())
        with (folder / FILE).open("wb") as file:
            write_similarity(file, atlas.plan.hash, found)
        metadata = read_json(folder / ATLAS_FILE, "an atlas")
        files = {**metadata.get(FILES, {}), **record_files(folder, [FILE])}
        write_json(folder / ATLAS_FILE, {**metadata, FILES: files})
        size = (folder / FILE).stat().st_size
        print(f"{name}: {found.laid_out} patterns, trustworthiness {found.trustworthiness:.4f}, {size} bytes")


if __name__ == "__main__":
    main()
