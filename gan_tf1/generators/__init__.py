"""What can be done with a trained generator: it is restored, sampled and exported."""
