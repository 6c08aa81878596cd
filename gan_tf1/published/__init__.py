"""Whether losses are the book's: the logs that chapters print, and the comparison with them."""
