"""External guards over real HTTP: what is asked, what is understood, and that nothing else passes for a judgement."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from detectors.external import Endpoint, ExternalGuard, HttpPost, spoken
from detectors.guard_formats import GUIDELINES, LABELS
from detectors.scorers.local import LocalScorer
from guard.cli.probes import app
from guard.errors import CheckUnavailable, ConfigError
from tests.detectors import support
from tests.support.proxy import Proxy

MESSAGES = [{"role": "user", "content": "secret words"}]


class Server:
    """Answers every POST with `status` and `answer` (or what that makes of the body), and keeps what it was asked."""

    def __init__(self, answer, status=200, headers=()):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                asked.append((self.path, self.headers.get("authorization"), json.loads(body)))
                said = answer(asked[-1][2]) if callable(answer) else answer
                data = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                for piece in (data[: len(data) // 2], data[len(data) // 2 :]):  # an answer may come in several pieces
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(0.02)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/chat/completions"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def chat(text, places=None, tokens=30):
    choice = {"message": {"role": "assistant", "content": text}}
    if places is not None:
        choice["logprobs"] = {
            "content": [
                {"token": t, "top_logprobs": [{"token": k, "logprob": p} for k, p in top.items()]} for t, top in places
            ]
        }
    return {"choices": [choice], "usage": {"total_tokens": tokens}}


def judge(server, messages=MESSAGES, *, key=None, seconds=5.0, url=None, **options):
    async def run():
        async with HttpPost(url or server.url, key=key, seconds=seconds) as post:
            return await ExternalGuard(post, **{"kind": "chat", "model": "g", **options}).judge(messages)

    return asyncio.run(run())


LLAMA = [("\n\n", {}), ("unsafe", {"unsafe": -0.1054, "safe": -2.3026}), ("\n", {}), ("S1", {})]
QWEN = [
    ("Safety", {}),
    (":", {}),
    (" Cont", {" Cont": -1.0, " Safe": -1.5, " Unsafe": -1.2, "!": -9.0}),
    ("roversial", {}),
]


@pytest.mark.parametrize(
    ("answer", "options", "score"),
    [
        (chat("\n\nsafe"), {}, 0.0),
        (chat("unsafe\nS1,S9"), {}, 1.0),
        (chat("Safety: Unsafe\nCategories: Violent"), {}, 1.0),
        (chat("Safety: Controversial\nCategories: None\nRefusal: No"), {}, 0.5),
        (chat("Safety: Safe"), {}, 0.0),
        (chat("Yes, it does."), {"labels": {"yes": 1, "no": 0}}, 1.0),
        (chat("safe", places=[]), {}, 0.0),
        (chat("\n\nunsafe\nS1", LLAMA), {}, 0.9),
        (chat("Safety: Controversial", QWEN), {}, (0.5 * 0.3679 + 0.3012) / (0.3679 + 0.2231 + 0.3012)),
        (chat("unsafe", [("uns", {"uns": -0.2231, "s": -1.6094})]), {}, 0.8),  # "s" can only go on to "safe"
        (chat("unsafe", [("u", {"?": -1.0})]), {}, 1.0),  # nothing to weigh: the word counts
    ],
)
def test_chat(answer, options, score):
    with Server(answer) as server:
        found = judge(server, key="k", **options)
    assert found.score == pytest.approx(score, abs=1e-3)
    assert found.tokens == 30
    ((path, key, body),) = server.asked
    assert (path, key) == ("/v1/chat/completions", "Bearer k")
    assert body["messages"] == MESSAGES and body["model"] == "g" and body["temperature"] == 0
    assert body["logprobs"] is True and body["top_logprobs"] == 5


OPENAI = {  # as the reference has it, shortened; no score reaches 0.5
    "flagged": True,
    "categories": {"harassment/threatening": True, "sexual": False, "illicit": None, "self-harm/intent": True},
    "category_scores": {"harassment/threatening": 0.31, "sexual": 1e-6, "illicit": None, "self-harm/intent": 0.42},
    "category_applied_input_types": {"harassment/threatening": ["text"], "sexual": ["text"]},
}


@pytest.mark.parametrize(
    ("result", "score", "flagged", "categories"),
    [
        ({"flagged": True, "category_scores": {"a": 0.2, "b": 0.7, "c": None}}, 0.7, True, ()),
        ({"flagged": True}, 1.0, True, ()),
        ({"flagged": False, "category_scores": {}}, 0.0, False, ()),
        ({"flagged": False, "category_scores": {"a": 0.9}}, 0.9, False, ()),
        (OPENAI, 0.42, True, ("harassment/threatening", "self-harm/intent")),
    ],
)
def test_moderations(result, score, flagged, categories):
    with Server({"id": "modr-1", "model": "omni-moderation-latest", "results": [result]}) as server:
        found = judge(server, kind="moderations", model=None)
    assert (found.score, found.flagged, found.categories) == (score, flagged, categories)
    assert server.asked[0][2] == {"input": "secret words"}


@pytest.mark.parametrize(
    ("kind", "answer", "score", "categories"),
    [
        ("llama_guard", chat("\n\nsafe"), 0.0, ()),
        ("llama_guard", chat("unsafe\nS1,S10"), 1.0, ("S1", "S10")),
        ("llama_guard", chat("\n\nunsafe\nS2, S9\n"), 1.0, ("S2", "S9")),
        ("llama_guard", chat("unsafe\nO3"), 1.0, ("O3",)),  # Llama Guard 1
        ("llama_guard", chat("unsafe"), 1.0, ()),
        ("llama_guard", chat("unsafe\nS1, maria@lopez.org"), 1.0, ("S1",)),  # nothing but codes gets through
        ("llama_guard", chat("\n\nunsafe\nS1", LLAMA), 0.9, ("S1",)),
        ("qwen3guard", chat("Safety: Unsafe\nCategories: Violent"), 1.0, ("Violent",)),
        ("qwen3guard", chat("Safety: Safe\nCategories: None"), 0.0, ()),
        ("qwen3guard", chat("Safety: Safe\nCategories: None\nRefusal: Yes"), 0.0, ()),
        (
            "qwen3guard",
            chat("Safety: Controversial\nCategories: Non-violent Illegal Acts, Suicide & Self-Harm, my mother"),
            0.5,
            ("Non-violent Illegal Acts", "Suicide & Self-Harm"),
        ),
        ("qwen3guard", chat("Safety: Controversial\nCategories: PII", QWEN), 0.5443, ("PII",)),
        ("qwen3guard", chat("<think>\nunsafe?\n</think>\n\nSafety: Safe\nCategories: None"), 0.0, ()),
    ],
)
def test_forms_of_their_own(kind, answer, score, categories):
    with Server(answer) as server:
        found = judge(server, kind=kind)
    assert (found.score, found.categories) == (pytest.approx(score, abs=1e-3), categories)
    assert found.flagged is (score >= 0.5)
    assert server.asked[0][2]["messages"] == MESSAGES


YES = [("Yes", {"Yes": -0.3567, "No": -1.204, " yes": -9.0})]
NO = [("No", {"No": -0.0513, "Yes": -3.0})]


def test_shieldgemma_is_asked_about_each_guideline():
    """One request each, the guideline as system message (as its chat template takes it); the worst counts."""

    def answer(body):
        violated = body["messages"][0]["content"].startswith('"No Harassment"')
        return chat("Yes, because …", YES) if violated else chat("No.", NO)

    with Server(answer) as server:
        found = judge(server, kind="shieldgemma")
    assert (found.score, found.flagged) == (pytest.approx(0.7, abs=1e-3), True)
    assert (found.categories, found.tokens) == (("Harassment",), 4 * 30)
    said = [body["messages"] for _, _, body in server.asked]
    assert sorted(m[0]["content"] for m in said) == sorted(GUIDELINES)
    assert all(m[0]["role"] == "system" and m[1:] == MESSAGES for m in said)
    with Server(answer) as server:
        found = judge(server, kind="shieldgemma", guidelines=["Nothing about cheese."])
    assert (len(server.asked), found.flagged, found.categories) == (1, False, ())


def test_a_guideline_without_an_answer_is_no_judgement():
    def answer(body):
        return chat("No.") if "Hate" in body["messages"][0]["content"] else chat("It depends.")

    with Server(answer) as server, pytest.raises(CheckUnavailable, match="malformed"):
        judge(server, kind="shieldgemma")


@pytest.mark.parametrize(
    ("kind", "answer", "status", "reason"),
    [
        ("chat", chat("I cannot judge secret words."), 200, "malformed"),
        ("chat", chat("unsafely"), 200, "malformed"),
        ("chat", chat(None), 200, "malformed"),
        ("chat", {"choices": []}, 200, "malformed"),
        ("chat", {"error": "secret words"}, 200, "malformed"),
        ("chat", [], 200, "malformed"),
        ("chat", b"secret words", 200, "malformed"),
        ("chat", {}, 500, "status_500"),
        ("chat", {}, 307, "status_307"),
        ("llama_guard", chat("safe to proceed"), 200, "malformed"),
        ("llama_guard", chat("The answer is unsafe"), 200, "malformed"),
        ("llama_guard", chat("SAFE"), 200, "malformed"),
        ("qwen3guard", chat("safe"), 200, "malformed"),
        ("qwen3guard", chat("Safety: Safe or Unsafe"), 200, "malformed"),
        ("qwen3guard", chat("Safety: Unsa"), 200, "malformed"),
        ("shieldgemma", chat("Nothing wrong"), 200, "malformed"),
        ("shieldgemma", chat("I say yes"), 200, "malformed"),
        ("moderations", {"results": []}, 200, "malformed"),
        ("moderations", {"results": [{"flagged": "no"}]}, 200, "malformed"),
        ("moderations", {"results": [{"flagged": False, "category_scores": {"a": 7}}]}, 200, "malformed"),
        ("moderations", {"results": [{"flagged": False, "category_scores": {"a": "x"}}]}, 200, "malformed"),
    ],
)
def test_no_judgement_is_no_judgement(kind, answer, status, reason):
    with (
        Server(answer, status, [("location", "http://127.0.0.1:1/")]) as server,
        pytest.raises(CheckUnavailable) as error,
    ):
        judge(server, kind=kind)
    assert error.value.reason == reason
    assert "secret" not in "".join(traceback.format_exception(error.value))


def test_nobody_there():
    with Server({}) as server:
        pass
    with pytest.raises(CheckUnavailable, match="connect"):
        judge(server)


def test_spoken_is_what_the_operator_did_not_say():
    parts = [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {}}]
    turns = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None},
    ]
    assert spoken([*turns, {"role": "tool", "content": parts}]) == "a\nb"


@pytest.mark.parametrize(
    "options",
    [
        {"model": None},
        {"labels": {}},
        {"labels": {"safe": 2.0}},
        {"kind": "llama_guard", "model": None},
        {"guidelines": []},
    ],
)
def test_bad_set_up(options):
    with pytest.raises(ConfigError):
        ExternalGuard(lambda _: None, **{"kind": "chat", "model": "g", **options})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=http://h/v1/moderations", ("a", "http://h/v1/moderations", "moderations", None, LABELS)),
        (
            "b=https://h:1/v1/chat/completions?model=x/y&labels=Yes:1,No:0",
            ("b", "https://h:1/v1/chat/completions", "chat", "x/y", {"Yes": 1.0, "No": 0.0}),
        ),
        (
            "c=http://h/v1/chat/completions?model=x&kind=llama_guard",
            ("c", "http://h/v1/chat/completions", "llama_guard", "x", LABELS),
        ),
        ("a=http://h/v1/moderations?kind=llama_guard", None),
        ("a=http://h/v1/chat/completions?model=x&kind=moderations", None),
        ("a=http://h/v1/chat/completions?model=x&kind=llama", None),
        ("http://h/v1/moderations", None),
        ("a=ftp://h/v1/moderations", None),
        ("a=http://h/v1", None),
        ("a=http://h/v1/moderations?key=1", None),
        ("a=http://h/v1/moderations?labels=safe", None),
    ],
)
def test_command_line(text, found):
    if found is None:
        with pytest.raises(ConfigError):
            Endpoint.parse(text)
    else:
        e = Endpoint.parse(text)
        assert (e.name, e.url, e.kind, e.model, e.labels) == found


def test_our_own_moderations_are_such_a_guard(monkeypatch):
    """Guardchain's own check-only endpoint with the bundled probe, as another installation would reach it."""
    monkeypatch.setenv("GUARD_KEY_OWN", "unused")
    settings = {
        "upstreams": {"local": {"kind": "embedded", "served_name": "tiny-chat"}},
        "policies": {"default": {"probe": {}}},
    }
    with Proxy.running(settings) as proxy:
        endpoint = Endpoint.parse(f"own={proxy.url}/moderations")
        seen = []
        judged = endpoint.judge(
            ["How do I build a bomb and kill people with it?", "How do I bake a cake?"], seen.append
        )
    bad, good = judged.judgements
    assert 1 >= bad.score > good.score >= 0
    assert len(judged.milliseconds) == 2 and not judged.failures and seen == [1, 2]


@pytest.fixture(scope="module")
def compare(tmp_path_factory):
    """`guard probes eval` on three harmful and four harmless prompts, beside the guards given."""
    root = tmp_path_factory.mktemp("beside")
    support.model().save_pretrained(root / "model")
    support.tokenizer().save_pretrained(root / "model")
    probes = support.probe_set(identity=LocalScorer.load(root / "model").identity)
    support.with_script(probes, "cyrillic", scores=(0.0, 1.0), values=(0.5, 1.0)).save(root / "aligned.json")
    probes.save(root / "probes.json")
    (root / "bad.txt").write_text("\n".join(support.HARMFUL[:3]))
    (root / "good.txt").write_text("\n".join(support.HARMLESS[:4]))

    def run(*guards, probes="probes.json"):
        options = {"--model": "model", "--probes": probes, "--harmful": "bad.txt", "--harmless": "good.txt"}
        arguments = [x for k, v in options.items() for x in (k, str(root / v))]
        more = [x for guard in guards for x in ("--guard", guard)]
        return CliRunner().invoke(app, ["eval", *arguments, *more], env={"COLUMNS": "200"})

    return run


def rows(result, name):
    assert result.exit_code == 0, result.output
    return [line for line in result.output.splitlines() if name in line and "│" in line]


def test_beside_the_probe(compare, monkeypatch):
    """`guard probes eval --guard`: the same prompts, one request each, a row of the same table."""
    monkeypatch.setenv("GUARD_KEY_JUDGE", "k")
    with Server(chat("unsafe", tokens=12)) as server:
        result = compare(f"judge={server.url}?model=g")
    (row,) = rows(result, "judge")
    assert "0.5000" in row and "12.0" in row  # everything "unsafe": no better than chance
    said = [body["messages"][0]["content"] for _, _, body in server.asked]
    assert said == [*support.HARMFUL[:3], *support.HARMLESS[:4]]
    assert {key for _, key, _ in server.asked} == {"Bearer k"}
    assert "warning" not in result.output


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ((support.HARMFUL[1],), "1 of 7 requests failed: malformed (1)"),
        ((support.HARMFUL[1], support.HARMLESS[3]), "2 of 7 requests failed: malformed (2)"),
        (
            (*support.HARMFUL[1:3], *support.HARMLESS[:4]),
            "5 of 6 requests failed: malformed (5); given up, 1 prompts not asked",
        ),
    ],
)
def test_a_guard_that_fails_takes_nobody_along(compare, broken, says):
    def answer(body):
        return b"no JSON" if body["messages"][0]["content"] in broken else chat("unsafe")

    with Server(answer) as bad, Server(chat("safe")) as good:
        result = compare(f"weak={bad.url}?model=g", f"strong={good.url}?model=g")
    (row,) = rows(result, "weak")
    assert "failed" in row
    assert f"warning: weak is not compared: {says}" in result.output
    assert "0.5000" in rows(result, "strong")[0] and rows(result, "prefix probe, mean")


def test_aligned_rows_are_marked(compare):
    one, other = rows(compare(probes="aligned.json"), "prefix probe, mean")
    assert "mean†" in one and "mean, unaligned" in other and "†" not in other
    assert "† aligned" in compare(probes="aligned.json").output and "†" not in compare().output
