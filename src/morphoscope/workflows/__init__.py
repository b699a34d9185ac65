"""Work in several stages: refining an atlas, repeating a published study."""
