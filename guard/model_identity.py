"""Which model an artefact was made for: digests of weights, tokenizer and chat template."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from guard.errors import ArtifactError

_SAMPLE = 1 << 16


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Digests (sha256, first 16 hex digits) that tell two models apart.

    `weights` covers config and every safetensors header plus samples of the data, not every byte, so that
    it costs milliseconds on a 100 GB model; fine-tuning changes every sample, so it changes the digest.
    """

    name: str
    weights: str
    tokenizer: str
    template: str

    @classmethod
    def of(cls, directory: Path | str, *, name: str | None = None) -> ModelIdentity:
        """Digest a local model directory. Raises `ArtifactError` naming the missing file."""
        root = Path(directory)
        config = root / "config.json"
        if not config.is_file():
            raise ArtifactError(f"{root} is not a model directory: config.json is missing")
        return cls(
            name=name or root.name,
            weights=_digest(_architecture(config), *[_sample(p) for p in sorted(root.glob("*.safetensors"))]),
            tokenizer=_digest(
                *[
                    p.read_bytes()
                    for n in ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model")
                    if (p := root / n).is_file()
                ]
            ),
            template=_digest(_template(root).encode()),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelIdentity:
        try:
            return cls(**{k: str(data[k]) for k in ("name", "weights", "tokenizer", "template")})
        except KeyError as missing:
            raise ArtifactError(f"artefact does not name its model: {missing} is missing") from None

    def to_dict(self) -> dict[str, str]:
        return asdict(self)

    def require(self, other: ModelIdentity, what: str) -> None:
        """Raise `ArtifactError` saying which digest differs when `what` (made for self) meets model `other`."""
        wrong = [
            f"{k} (made for {getattr(self, k)}, this is {getattr(other, k)})"
            for k in ("weights", "tokenizer", "template")
            if getattr(self, k) != getattr(other, k)
        ]
        if wrong:
            same = self.name == other.name
            whose = f"another model {self.name!r}" if same else f"model {self.name!r}, not for {other.name!r}"
            raise ArtifactError(
                f"{what} was made for {whose}: different {', '.join(wrong)}; build it again for this model"
            )


def _digest(*parts: bytes) -> str:
    h = hashlib.sha256()
    for part in parts:
        h.update(len(part).to_bytes(8, "big"))
        h.update(part)
    return h.hexdigest()[:16]


def _architecture(config: Path) -> bytes:
    """The config without the fields that a save with another library version rewrites."""
    data = json.loads(config.read_text("utf-8"))
    for key in ("transformers_version", "_name_or_path", "dtype", "torch_dtype", "use_cache"):
        data.pop(key, None)
    return json.dumps(data, sort_keys=True).encode()


def _sample(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as f:
        header = f.read(8)
        out = header + f.read(min(int.from_bytes(header, "little"), 1 << 26))
        for at in (size // 4, size // 2, size * 3 // 4, max(0, size - _SAMPLE)):
            f.seek(at)
            out += f.read(_SAMPLE)
    return out


def _template(root: Path) -> str:
    jinja = root / "chat_template.jinja"
    if jinja.is_file():
        return jinja.read_text("utf-8")
    config = root / "tokenizer_config.json"
    template = json.loads(config.read_text("utf-8")).get("chat_template") if config.is_file() else None
    return template if isinstance(template, str) else json.dumps(template)
