"""Steering: rotate a model's hidden states, while it answers, towards its own safety subspace.

`steering.rotation` holds the arithmetic, `steering.subspace` fits, `steering.artifact` stores, `steering.hooks`
steers a transformers model, `steering.evaluate` measures, `steering.check` is the rung of the guard's ladder.
"""
