"""Experiments: each module computes what one section of a chapter shows."""
