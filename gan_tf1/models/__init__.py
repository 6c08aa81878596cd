"""One file a chapter model, each in book order: placeholders to training step."""
