"""The spaCy component around a bundled tagger: registered as `guardchain_ner`, it sets `doc.ents` with scores."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import filter_spans

from guard.errors import ArtifactError
from sanitizers.detect.ner_tagger import Tagger

FACTORY = "guardchain_ner"
# As spaCy's own span categoriser keeps them: `doc.spans[GROUP].attrs["scores"]`, in the order of the spans.
GROUP = "guardchain_ner"


class NerPipe:
    """Sets `doc.ents`, and their scores in `doc.spans["guardchain_ner"].attrs["scores"]`."""

    def __init__(self, tagger: Tagger | None = None) -> None:
        self.tagger = tagger

    def __call__(self, doc: Doc) -> Doc:
        if self.tagger is None:
            raise ArtifactError("the NER component has no weights: load the pipeline from disk")
        found = [
            (span, entity.score)
            for entity in self.tagger.find(doc.text)
            if (span := doc.char_span(entity.start, entity.end, entity.label, alignment_mode="expand")) is not None
        ]
        kept = filter_spans([span for span, _ in found])  # the pipeline's tokens may be longer than the tagger's
        doc.ents = kept
        doc.spans[GROUP] = kept
        scores = {(span.start, span.end): score for span, score in found}
        doc.spans[GROUP].attrs["scores"] = [scores[span.start, span.end] for span in kept]
        return doc

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        if self.tagger is None:
            raise ArtifactError("the NER component has no weights to save")
        self.tagger.save(Path(path))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> NerPipe:
        """Raises `ArtifactError` when the files are missing or of another version."""
        self.tagger = Tagger.load(Path(path))
        return self


@Language.factory(FACTORY, assigns=["doc.ents"])  # type: ignore[untyped-decorator,unused-ignore]
def create(nlp: Language, name: str) -> NerPipe:
    """Called by `spacy.load` through the entry point; the weights follow with `from_disk`."""
    return NerPipe()
