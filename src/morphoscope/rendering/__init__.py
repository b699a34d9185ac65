"""Arrays become pixels: composites, pictures, films."""
