"""Are these the book's losses? The logs that the chapters print, and comparisons with them."""
