"""What single sections of the chapters show, computed."""
