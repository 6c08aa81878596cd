"""The benchmark of `scripts/benchmark.py`: our loops and their peers, each in a process of its own.

work.py defines what is measured, and rows.py which loops and libraries are compared. A row's module
(ours.py, torch_peer.py, ...) has one function per work, which returns a `rows.Runner`. worker.py
runs one of them, controlled by drive.py.
"""
