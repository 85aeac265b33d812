from __future__ import annotations

import hashlib

import pytest

from guard.keys import Keys, digest, new_key

ANNA, ANNA_OLD, BERT = "gc-anna", "gc-anna-old", "gc-bert"
KEYS = Keys({"anna": [digest(ANNA), digest(ANNA_OLD)], "bert": [digest(BERT)]})


@pytest.mark.parametrize(
    ("presented", "tenant"),
    [
        (ANNA, "anna"),
        (ANNA_OLD, "anna"),
        (BERT, "bert"),
        (BERT + " ", None),
        (BERT[:-1], None),
        (digest(BERT), None),
        ("", None),
        (None, None),
        ("ключ", None),
        ("\udcff", None),
        ("x" * 1_000_000, None),
    ],
)
def test_tenant(presented: str | None, tenant: str | None) -> None:
    assert KEYS.tenant(presented) == tenant


def test_no_keys_no_question() -> None:
    assert not Keys({}).required
    assert Keys({}).tenant(None) == Keys({}).tenant("anything") == ""
    assert KEYS.required


def test_every_hash_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    import hmac

    compared: list[bytes] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append(a)
        return a == b

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert KEYS.tenant(ANNA) == "anna"
    assert len(compared) == 3


def test_new_keys() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(k.startswith("gc-") and len(k) == 3 + 43 for k in keys)
    assert digest("a") == hashlib.sha256(b"a").hexdigest()
