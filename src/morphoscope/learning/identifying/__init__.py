"""Which models could have made a picture: its canonical view, readers, compatibility, posteriors, training."""
