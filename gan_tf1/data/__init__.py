"""Data sets as NumPy arrays, in a stated range and shape, with the book's splits."""
