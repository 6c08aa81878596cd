"""How a run is made: its command line, its loop, its directory, and its diagnosis."""
