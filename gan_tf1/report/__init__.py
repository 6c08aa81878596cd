"""A report of runs: one HTML file that opens from disk, without a server or a network."""
