"""Parts of models whose file would be too long: README.md says which belongs to which."""
