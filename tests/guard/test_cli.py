"""The command line, as a process for what only a process shows, in this one for the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import guard
from guard import GuardError
from guard.cli import LAZY, app
from guard.config import default, reference, show
from guard.keys import Keys

HEAVY = ["torch", "transformers", "spacy", "presidio_analyzer", "aiohttp", "fastapi", "sanitizers", "proxy"]


def run(*arguments: str, text: str | None = None) -> str:
    result = CliRunner().invoke(app, list(arguments), input=text)
    if isinstance(result.exception, GuardError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "guard.cli", *arguments], capture_output=True, text=True, timeout=60)


def test_help_lists_everything_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['guard', '--help']\nfrom guard.cli import main\n"
        f"try: main()\nfinally: print('LOADED', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "LOADED []" in done.stdout
    for name in ("serve", "demo", "probes", "steering", "sanitize", "config", "keys"):
        assert f" {name} " in done.stdout


@pytest.mark.parametrize("name", LAZY)
def test_lazy_commands_are_there(name: str) -> None:
    done = process(name, "--help")
    assert done.returncode == 0, done.stderr
    assert f"{name} [OPTIONS]" in done.stdout.replace("\n", " ")


def test_version() -> None:
    assert run("--version").strip() == f"guardchain {guard.__version__}"


def test_check_says_what_is_wrong_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text("server:\n  prot: 1\n")
    done = process("config", "check", str(file))
    assert done.returncode == 1
    assert done.stderr == f"guard: {file}: line 2: server.prot: unknown key; did you mean 'port'?\n"
    assert "Traceback" not in done.stderr


def test_check_sums_up_and_warns(tmp_path: Path) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text("policies: {default: {sanitize: {mode: monitor}}}")
    output = run("config", "check", str(file))
    assert f"{file}: ok" in output
    assert "default (sanitize monitor, probe off, steer off)" in output
    assert "no API key is asked for" in output
    assert "warning: routes[0].policy: policy 'default' enforces no check" in output


def test_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "hunter2hunter2hunter2")
    file = tmp_path / "guard.yaml"
    file.write_text("surrogate_key: ${SOME_KEY}\nserver: {port: 1}".replace("${SOME_KEY}", "'${SOME_KEY}'"))
    output = run("config", "show", str(file))
    assert "hunter2" not in output
    assert "port: 1\n" in output and "surrogate_key: ${SOME_KEY}" in output
    assert run("config", "show") == show(default())


def test_schema_and_docs() -> None:
    assert run("config", "schema") == reference.schema_text()
    assert run("config", "docs") == reference.table()


def test_init_writes_what_check_takes(tmp_path: Path) -> None:
    file = tmp_path / "guard.yaml"
    run("config", "init", str(file))
    assert file.read_text() == reference.starter()
    assert (tmp_path / "guard.schema.json").read_text() == reference.schema_text()
    assert "ok" in run("config", "check", str(file))
    with pytest.raises(GuardError, match="--force overwrites it"):
        run("config", "init", str(file))
    file.write_text("mine")
    run("config", "init", str(file), "--force")
    assert file.read_text() == reference.starter()


def test_keys(tmp_path: Path) -> None:
    output = run("keys", "new", "--tenant", "acme")
    key = next(word for word in output.split() if word.startswith("gc-"))
    file = tmp_path / "guard.yaml"
    file.write_text(output.partition("For guard.yaml:\n")[2])
    config = guard.config.load(file)  # type: ignore[attr-defined]
    assert Keys({t.name: t.key_sha256 for t in config.tenants}).tenant(key) == "acme"
    assert run("keys", "new") != run("keys", "new")


def test_surrogate_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = run("keys", "surrogate")
    key = output.splitlines()[1].strip()
    assert len(key) == 43 and key not in run("keys", "surrogate")
    file = tmp_path / "guard.yaml"
    file.write_text("\n".join(line for line in output.splitlines() if "surrogate_key" in line and "${" in line))
    monkeypatch.setenv("GUARD_SURROGATE_KEY", key)
    monkeypatch.setenv("GUARD_OLD_SURROGATE_KEY", "o" * 43)
    config = guard.config.load(file)  # type: ignore[attr-defined]
    assert config.surrogate_key.get_secret_value() == key and len(config.old_surrogate_keys) == 1


MAIL = "Write to maria.lopez@example.org today.\n"


def test_sanitize(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(MAIL)
    hidden = run("sanitize", str(file), "--plain", "--key", "k" * 32)
    assert "maria.lopez@example.org" not in hidden
    assert hidden.startswith("Write to ") and hidden.endswith(" today.\n")
    assert run("sanitize", "-", "--plain", "--key", "k" * 32, text=MAIL) == hidden
    output = run("sanitize", str(file), "--key", "k" * 32)
    assert "maria" in output and "hidden: EMAIL_ADDRESS 1" in output


@pytest.mark.parametrize(
    ("content", "message"), [(b"\xff", r"not UTF-8 \(byte 0\)"), (b"a" * (10 * 1024 * 1024 + 1), "larger than")]
)
def test_sanitize_bad_input(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(content)
    with pytest.raises(GuardError, match=message):
        run("sanitize", str(file))
    with pytest.raises(GuardError, match="cannot be read"):
        run("sanitize", str(tmp_path / "missing"))
