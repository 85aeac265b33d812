"""What steering costs: see `__main__`."""
