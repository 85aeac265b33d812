"""OpenAI JSON on one side, surfaces and channels on the other: one module per endpoint. Nobody else reads that JSON."""
