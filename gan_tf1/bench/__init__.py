"""The benchmark of `scripts/benchmark.py`: our loops and their peers, each in a process of its own.

work.py says what is done, rows.py who does it; a row's module (ours.py, torch_peer.py, ...) has one
function a work, which makes a `rows.Runner`; worker.py runs one of them at the driver's word.
"""
