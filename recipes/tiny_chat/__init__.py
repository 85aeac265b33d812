"""Recipe that trains the bundled tiny chat model from scratch; see README.md."""
