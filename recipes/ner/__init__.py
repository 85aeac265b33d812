"""How the bundled NER pipelines are made: generated and open annotated text, features, training, evaluation."""
