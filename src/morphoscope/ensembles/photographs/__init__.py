"""From a photograph to a field: channel, region, rotation, resampling, dust, noise, light, contrast, edges."""
