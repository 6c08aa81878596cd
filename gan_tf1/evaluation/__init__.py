"""How good samples are: what a classifier says of them, and what their pixels and modes tell."""
