"""
The map of the paper's scan
===========================

5481 runs of Gray–Scott, read by the second pass's classifier; the atlas comes with the package. Then the same map,
coloured by how sure the network is.
"""

import morphoscope

morphoscope.class_map("gray-scott", "published.png")

# %%
# The margin between the two most probable classes is small along borders:
morphoscope.class_map("gray-scott", "published_margin.png", color="margin")
