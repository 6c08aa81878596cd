"""Restore a trained generator, draw samples from it, and export it."""
