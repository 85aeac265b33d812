"""How far known evasions move the score, and what helps against them."""
