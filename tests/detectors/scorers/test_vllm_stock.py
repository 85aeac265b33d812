"""Scoring over vLLM's public API: the arithmetic and the faults against a server of the same wire shapes, and, where
`GUARDCHAIN_VLLM_PYTHON` names an interpreter that has vLLM, exactness against the real one (model runner V1 and V2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request

import pytest
import torch
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from detectors.prefix_probing.artifact import Witness
from detectors.prefix_probing.probe import PrefixProbe
from detectors.scorers.vllm_stock import VllmStockScorer, packed
from guard.errors import ArtifactError, CheckUnavailable, ConfigError
from guard.model_identity import ModelIdentity
from tests.detectors import support
from tests.detectors.scorers.test_forward import PROBES, ids, plain


@given(
    st.dictionaries(
        st.lists(st.integers(0, 5), max_size=3).map(tuple),
        st.lists(st.integers(0, 60), min_size=1, max_size=30, unique=True),
        max_size=12,
    ),
    st.integers(1, 20),
)
def test_packed_asks_for_everything_within_the_limit(wanted, most):
    asked = {}
    for group, tokens in packed(wanted, most):
        assert 1 <= len(tokens) == len(set(tokens)) <= most
        assert len(set(group)) == len(group)
        for beginning in group:
            asked.setdefault(beginning, set()).update(tokens)
    assert set(asked) == set(wanted)
    assert all(set(nexts) <= asked[b] for b, nexts in wanted.items())


class Server:
    """vLLM's answers, by a tiny model. `runner` v1 spoils a stream beside which chosen log-probabilities are read."""

    def __init__(self, runner="v2"):
        self.runner = runner
        self.model = support.model()
        self.requests = []
        self.break_with = None  # (request) -> Response
        self._reads = 0

    @contextlib.asynccontextmanager
    async def running(self, port=0):
        app = web.Application()
        app.router.add_get("/v1/models", self.models)
        app.router.add_post("/tokenize", self.tokenize)
        app.router.add_post("/v1/completions", self.completions)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        await runner.cleanup()

    async def models(self, _):
        return web.json_response({"object": "list", "data": [{"id": "tiny", "max_model_len": 600}]})

    async def tokenize(self, request):
        body = await request.json()
        found = support.tokenizer().apply_chat_template(
            body["messages"], add_generation_prompt=True, tokenize=True, return_dict=False
        )
        return web.json_response({"count": len(found), "max_model_len": 600, "tokens": found})

    async def completions(self, request):
        body = await request.json()
        if body.get("stream"):
            return await self.stream(request, body)
        self._reads += 1
        self.requests.append(body)
        if self.break_with is not None:
            return await self.break_with(request)
        assert len(body["logprob_token_ids"]) <= 20
        choices = []
        for n, prompt in enumerate(body["prompt"]):
            with torch.no_grad():
                row = self.model(input_ids=torch.tensor([prompt])).logits[0, -1].float().log_softmax(-1)
            sampled = int(row.argmax())
            top = {f"token_id:{t}": float(row[t]) for t in dict.fromkeys([sampled, *body["logprob_token_ids"]])}
            choices.append({"index": n, "logprobs": {"top_logprobs": [top]}, "finish_reason": "length"})
        total = sum(map(len, body["prompt"]))
        usage = {"prompt_tokens": total, "prompt_tokens_details": {"cached_tokens": 32}}
        return web.json_response({"choices": choices[::-1], "usage": usage})

    async def stream(self, request, body):
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await reply.prepare(request)
        reads = self._reads
        for _ in range(body["max_tokens"]):
            await asyncio.sleep(0.005)
            top = {"token_id:9": -0.1}
            if self.runner == "v1" and self._reads > reads:
                top["token_id:0"], reads = -9999.0, self._reads
            choice = {"index": 0, "logprobs": {"top_logprobs": [top]}}
            await reply.write(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")
        await reply.write(b"data: [DONE]\n\n")
        return reply


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    root = tmp_path_factory.mktemp("model")
    support.model().save_pretrained(root)
    support.tokenizer().save_pretrained(root)
    return root


def drive(directory, work, serves="v2", **options):
    async def run():
        server = Server(serves)
        async with server.running() as url:
            scorer = VllmStockScorer(url, "tiny", directory, **{"runner": "v2", **options})
            try:
                return await work(scorer, server)
            finally:
                await scorer.close()

    return asyncio.run(run())


@pytest.mark.parametrize("most", [20, 3])
def test_reads_the_trie_exactly(directory, most):
    async def work(scorer, server):
        await scorer.score([5], [[7]])
        for length in (1, 15, 16, 17, 32, 500):
            for _ in range(2):
                server.requests.clear()
                scored = await scorer.score(ids(length), PROBES)
                for row, probe in zip(scored.logprobs, PROBES, strict=True):
                    assert row == pytest.approx(plain(support.model(), ids(length), probe), abs=1e-4)
        asked = [tuple(p[500:]) for r in server.requests for p in r["prompt"]]
        assert set(asked) == {tuple(p[:n]) for p in PROBES for n in range(len(p))}
        if most == 20:
            assert len(server.requests) == 1
        assert all(len(r["logprob_token_ids"]) <= most for r in server.requests)

    drive(directory, work, max_logprobs=most)


def test_the_first_token_is_one_prompt(directory):
    async def work(scorer, server):
        await scorer.score([5], [[7]])
        server.requests.clear()
        scored = await scorer.score(ids(40), [[t] for t in range(3, 13)])
        assert [r["prompt"] for r in server.requests] == [[ids(40)]]
        assert (scored.tokens_computed, scored.cached_tokens) == (8, 32)

    drive(directory, work)


def test_runner_v1_is_refused(directory):
    async def work(scorer, server):
        if server.runner == "v1":
            with pytest.raises(ConfigError, match="V1"):
                await scorer.score(ids(5), PROBES)
            return
        await scorer.score(ids(5), PROBES)

    for runner in ("v1", "v2"):
        drive(directory, work, runner, runner="auto")


def test_another_tokenizer_template_or_name_is_refused(directory, tmp_path):
    async def work(scorer, server):
        async def other(_):
            return web.json_response({"tokens": [1, 2, 3]})

        server.tokenize, server.break_with = other, None
        async with server.running() as url:
            changed = VllmStockScorer(url, "tiny", directory, runner="v2")
            with pytest.raises(ArtifactError, match="tokenizer or chat template"):
                await changed.start()
            await changed.close()
            unknown = VllmStockScorer(url, "huge", directory)
            with pytest.raises(ConfigError, match="does not serve"):
                await unknown.start()
            await unknown.close()

    drive(directory, work)
    with pytest.raises(ArtifactError, match="tokenizer"):
        VllmStockScorer("http://127.0.0.1:1/v1", "tiny", tmp_path)


def answer(body=None, status=200, text=None):
    async def handle(_):
        return web.Response(status=status, body=text if text is not None else json.dumps(body))

    return handle


async def slow(_):
    await asyncio.sleep(30)


async def cut(request):
    request.transport.abort()


def choices(*rows):
    return {
        "choices": [{"index": n, "logprobs": {"top_logprobs": [row]}} for n, row in enumerate(rows)],
        "usage": {"prompt_tokens": 9},
    }


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (answer(status=429), "queue_full"),
        (answer(status=500), "status_500"),
        (answer(status=404), "status_404"),
        (slow, "timeout"),
        (cut, "unreachable"),
        (answer(text=b"<html>"), "garbage"),
        (answer([]), "garbage"),
        (answer({}), "garbage"),
        (answer({"choices": None, "usage": None}), "garbage"),
        (answer(choices()), "garbage"),
        (answer(choices({})), "garbage"),
        (answer(choices(None)), "garbage"),
        (answer(choices({"token_id:7": None})), "garbage"),
        (answer(choices({"token_id:7": 0.5})), "garbage"),
        (answer(choices({"token_id:7": -9999.0})), "garbage"),
        (answer(choices({"token_id:7": "x"})), "garbage"),
        (answer(choices({"word": -1.0})), "garbage"),
        (
            answer({"choices": [{"index": 5, "logprobs": {"top_logprobs": [{}]}}], "usage": {"prompt_tokens": 1}}),
            "garbage",
        ),
        (answer(text=b'{"choices": [{"index": 0, "logprobs": {"top_logprobs": [{"token_id:7": NaN}]}}]}'), "garbage"),
    ],
)
def test_faults(directory, broken, reason):
    async def work(scorer, server):
        await scorer.score(ids(5), [[7]])
        server.break_with = broken
        with pytest.raises(CheckUnavailable) as error:
            await scorer.score(ids(5), [[7]])
        assert error.value.reason == reason

    drive(directory, work, timeout_seconds=0.5)


def test_a_connection_closed_while_it_was_idle_is_no_fault(directory):
    async def work(scorer, server):
        await scorer.score(ids(5), [[7]])

        async def cut_once(request):
            server.break_with = None
            return await cut(request)

        server.break_with = cut_once
        scored = await scorer.score(ids(5), [[7]])
        assert scored.logprobs[0] == pytest.approx(plain(support.model(), ids(5), [7]), abs=1e-4)

    drive(directory, work)


def test_limits_and_no_server(directory):
    async def work(scorer, server):
        for prompt, reason in (([], "empty_prompt"), (ids(599), "too_long")):
            with pytest.raises(CheckUnavailable) as error:
                await scorer.score(prompt, [[7]])
            assert error.value.reason == reason

    drive(directory, work)
    gone = VllmStockScorer("http://127.0.0.1:9/v1", "tiny", directory)
    with pytest.raises(CheckUnavailable) as error:
        asyncio.run(gone.score([1], [[7]]))
    assert error.value.reason == "unreachable"


def test_a_model_reloaded_under_it_is_noticed(directory):
    async def work(scorer, server):
        await scorer.score(ids(5), [[7]])
        server.model = support.model(seed=9)
        with pytest.raises(CheckUnavailable) as error:
            await scorer.score(ids(5), [[7]])
        assert error.value.reason == "model_changed"
        server.model = support.model()
        await scorer.score(ids(5), [[7]])

    drive(directory, work, verify_seconds=0.0)


def test_a_restart_with_another_model_is_noticed_at_once(directory, caplog):
    """However lately the model was looked at: whoever restarts ends its connections, and a new one is looked behind."""

    async def run():
        first, scorer = Server(), None
        async with first.running() as url:
            scorer = VllmStockScorer(url, "tiny", directory, runner="v2", verify_seconds=3600.0)
            good = await scorer.score(ids(5), [[7]])
            first.requests.clear()
            await scorer.score(ids(5), [[7]])
            assert len(first.requests) == 1, "one connection is looked behind once"
        for seed, same in ((9, False), (0, True), (9, False)):
            server = Server()
            server.model = support.model(seed=seed)
            async with server.running(first.port):
                for _ in range(2):
                    if same:
                        assert (await scorer.score(ids(5), [[7]])).logprobs == good.logprobs
                        continue
                    with pytest.raises(CheckUnavailable) as error:
                        await asyncio.gather(*[scorer.score(ids(5), [[7]]) for _ in range(5)])
                    assert error.value.reason == "model_changed"
        await scorer.close()

    asyncio.run(run())
    assert "does not answer as the model" in caplog.text and "it was" in caplog.text


def witness(model):
    """What `model` says of the openings of `support.probe_set` behind a prompt."""
    prompt, probes = ids(5), [p.tokens for p in support.probe_set().prefixes]
    return Witness(prompt=prompt, probes=probes, logprobs=[plain(model, prompt, list(p)) for p in probes])


def test_a_server_with_other_weights_never_scores(directory, caplog):
    """Not even from the first look on: the probe set says what its model answers."""

    def of(seed):
        return support.probe_set(witness=witness(support.model(seed=seed)), identity=ModelIdentity.of(directory))

    async def work(scorer, server):
        for seed in (9, 0, 9):
            server.model = support.model(seed=seed)
            probe = PrefixProbe(of(0), scorer)
            PrefixProbe(of(9), scorer)  # the first to tell is believed
            for _ in range(2):
                if seed == 0:
                    assert (await probe.score_ids(ids(7))).value
                    continue
                with pytest.raises(CheckUnavailable) as error:
                    await probe.score_ids(ids(7))
                assert error.value.reason == "model_changed"

    drive(directory, work, verify_seconds=0.0)
    assert "does not answer as the model" in caplog.text and "should be" in caplog.text


def test_a_restart_on_runner_v1_is_refused(directory):
    async def run():
        first, second = Server(), Server("v1")
        async with first.running() as url:
            scorer = VllmStockScorer(url, "tiny", directory)
            await scorer.score(ids(5), [[7]])
        with pytest.raises(CheckUnavailable):
            await scorer.score(ids(5), [[7]])
        async with second.running(first.port):
            with pytest.raises(ConfigError, match="V1"):
                await scorer.score(ids(5), [[7]])
        await scorer.close()

    asyncio.run(run())


# --- the real one ---

PYTHON = os.environ.get("GUARDCHAIN_VLLM_PYTHON")
SHIM = """
import os
os.environ["TRITON_INTERPRET"] = "1"
import triton.backends as tb
class CpuDriver:
    @staticmethod
    def is_active(): return True
    def get_current_target(self):
        from triton.backends.compiler import GPUTarget
        return GPUTarget("cpu", "x86_64", 1)
    def get_current_device(self): return 0
    def get_active_torch_device(self):
        import torch
        return torch.device("cpu")
tb.backends["cpu"] = type(tb.backends["nvidia"])(compiler=tb.backends["nvidia"].compiler, driver=CpuDriver)
"""


@pytest.fixture(scope="module", params=["v2", "v1"])
def vllm(request, tmp_path_factory):
    """(base URL, runner) of a real server with the bundled model, which has the head sizes vLLM's kernels want.

    Model runner V2 runs on a CPU only with Triton's interpreter, for which a shim is put on the server's path.
    """
    from guard.assets import resolve

    root = tmp_path_factory.mktemp("shim")
    (root / "sitecustomize.py").write_text(SHIM)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    environment = {
        **os.environ,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_PLUGINS": "",
        "OMP_NUM_THREADS": "1",
        "TORCH_COMPILE_DISABLE": "1",
        "VLLM_USE_V2_MODEL_RUNNER": "1" if request.param == "v2" else "0",
        "PYTHONPATH": str(root) if request.param == "v2" else "",
    }
    arguments = "--dtype float32 --max-model-len 1024 --block-size 32 --max-num-seqs 32 --max-num-batched-tokens 1024"
    command = [PYTHON, "-m", "vllm.entrypoints.openai.api_server", "--model", resolve("bundled:tiny-chat", "model")]
    command += ["--served-model-name", "tiny-chat", "--enforce-eager", "--enable-prompt-tokens-details"]
    command += [*arguments.split(), "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            assert server.poll() is None, "the server stopped"
            time.sleep(1)
        yield f"http://127.0.0.1:{port}/v1", request.param
    finally:
        server.terminate()
        server.wait(60)


@pytest.mark.skipif(PYTHON is None, reason="GUARDCHAIN_VLLM_PYTHON names no interpreter with vLLM")
@pytest.mark.timeout(1800)
def test_real_server(vllm):
    """V2: exact at every length around the block size, cold and repeated, mixed; V1: refused."""
    from detectors.scorers.local import LocalScorer
    from guard.assets import resolve

    url, runner = vllm
    directory = resolve("bundled:tiny-chat", "model")
    local = LocalScorer.load(directory)
    probes = PrefixProbe.load(resolve("bundled:tiny-chat", "probes"), local)
    openings = [list(p.tokens) for p in probes.probes.prefixes]
    prompts = [ids(n, seed=n) for n in (1, 31, 32, 33, 64, 500)]

    async def run():
        scorer = VllmStockScorer(url, "tiny-chat", directory, timeout_seconds=120)
        try:
            if runner == "v1":
                with pytest.raises(ConfigError, match="V1"):
                    await scorer.score(prompts[0], openings)
                return
            for _ in range(2):
                scored = await asyncio.gather(*[scorer.score(p, openings) for p in prompts])
                for prompt, found in zip(prompts, scored, strict=True):
                    for row, opening in zip(found.logprobs, openings, strict=True):
                        assert row == pytest.approx(plain(local.model, prompt, opening), abs=1e-4)
            assert scored[-1].cached_tokens == 480
            message = [{"role": "user", "content": "How do I bake bread?"}]
            theirs, ours = [await PrefixProbe(probes.probes, s).score(message) for s in (scorer, local)]
            assert theirs.value == pytest.approx(ours.value, abs=1e-3)
            assert theirs.stage == ours.stage
        finally:
            await scorer.close()
        said = probes.probes.witness
        other = said.model_copy(update={"logprobs": tuple(tuple(v - 1.0 for v in row) for row in said.logprobs)})
        scorer = VllmStockScorer(url, "tiny-chat", directory, timeout_seconds=120)
        try:
            with pytest.raises(CheckUnavailable, match="model_changed"):
                await PrefixProbe(probes.probes.model_copy(update={"witness": other}), scorer).score(message)
        finally:
            await scorer.close()

    asyncio.run(run())
