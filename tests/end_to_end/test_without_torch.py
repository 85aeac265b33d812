"""Without the extra `local`: hiding in front of an API works, a model in process says what to install."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import openai
import pytest

from guard.extras import LOCAL
from tests.end_to_end.served import Served
from tests.support.upstream import FaultyUpstream

MAIL = "maria.lopez@example.org"


@pytest.fixture
def without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python processes started from here on find none of the extra's packages."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {set(LOCAL)!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))


def test_hiding_in_front_of_an_api(without_torch: None, tmp_path: Path) -> None:
    with FaultyUpstream() as up:
        settings = {
            "upstreams": {"cloud": {"kind": "openai", "base_url": up.url}},
            "policies": {"default": {"sanitize": {}}},
            "routes": [{"upstream": "cloud"}],
            "surrogate_key": "for tests only, long enough",
        }
        directory = tmp_path / "served"
        directory.mkdir()
        with Served(directory, settings) as served:
            client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="unused")
            question = [{"role": "user", "content": f"Write to Maria Lopez at {MAIL}."}]
            answer = client.chat.completions.create(model="m", messages=question)
            assert MAIL in answer.choices[0].message.content
            assert MAIL not in up.seen.decode()


@pytest.mark.parametrize("command", [["serve"], ["probes", "build"], ["steering", "fit"], ["sanitize"]])
def test_what_needs_a_model_says_what_to_install(without_torch: None, tmp_path: Path, command: list[str]) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"prompt": f"p{i}", "harmful": i % 2 == 0}) + "\n" for i in range(8)))
    data = {"serve": [], "sanitize": [str(prompts), "--format", "text"]}.get(
        command[0],
        ["--model=bundled:tiny-chat", f"--harmful={prompts}", f"--harmless={prompts}", f"--out={tmp_path}/out"],
    )
    done = subprocess.run(
        [sys.executable, "-m", "guard.cli", *command, *data], capture_output=True, text=True, timeout=120
    )
    if command == ["sanitize"]:
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode != 0
    assert "pip install 'guardchain[local]'" in done.stderr
    assert "Traceback" not in done.stderr
