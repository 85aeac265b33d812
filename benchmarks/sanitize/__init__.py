"""What hiding and restoring reach: detection quality, leaks, over-masking, speed. `python -m benchmarks.sanitize`."""
