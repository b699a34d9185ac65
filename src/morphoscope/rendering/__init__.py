"""Pictures of arrays: composites, figures, videos."""
