"""Parts of models whose files would be too long; README.md says which part belongs where."""
