"""`guard sanitize`: what it reads, prints, writes, refuses, and that what it hid comes back."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from guard.cli import app
from guard.cli.documents import read
from guard.cli.sanitize import rows
from guard.errors import GuardError

KEY = "k" * 32
MAIL = "maria.lopez@example.org"
TEXT = f"Dear all,\n\nwrite to {MAIL} today.\nThe card is 4111 1111 1111 1111.\n"


def invoke(*arguments: object, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["sanitize", "--key", KEY, *map(str, arguments)], input=text)


def run(*arguments: object, text: str | None = None) -> str:
    result = invoke(*arguments, text=text)
    if isinstance(result.exception, GuardError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "text.txt"
    made.write_text(TEXT, "utf-8")
    return made


def test_side_by_side(file: Path) -> None:
    output = run(file)
    assert "maria" in output and "hidden: CREDIT_CARD 1, EMAIL_ADDRESS 1" in output
    assert "before" in output and "after" in output
    assert run(text="nothing here").count("nothing") >= 2


def test_only_changed_lines_of_a_long_text_are_shown(tmp_path: Path) -> None:
    made = tmp_path / "long.txt"
    made.write_text("".join(f"filler {i}\n" for i in range(60)) + f"mail {MAIL}\n" + "end of it\n" * 30, "utf-8")
    output = run(made)
    assert "61" in output and "filler 58" in output and "filler 40" not in output


def test_files_share_one_map_and_come_back(tmp_path: Path) -> None:
    """Hidden files hold no original, the map is private, and restoring gives the bytes that were there."""
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text(TEXT, "utf-8")
    second.write_text(f"And {MAIL} again.\r\n", "utf-8", newline="")
    out, map_file = tmp_path / "out", tmp_path / "map.json"
    result = invoke(first, second, "--output", out, "--map", map_file)
    assert result.exit_code == 0 and "in clear text" in result.stderr
    hidden = {f.name: f.read_bytes().decode() for f in out.iterdir()}
    assert all(MAIL not in text and "4111" not in text for text in hidden.values())
    surrogate = hidden["b.txt"].split()[1]
    assert surrogate in hidden["a.txt"]
    assert stat.S_IMODE(map_file.stat().st_mode) == 0o600
    assert run(out / "a.txt", "--restore", map_file) == TEXT
    assert invoke(out / "b.txt", "--restore", map_file).stdout_bytes.decode() == f"And {MAIL} again.\r\n"
    assert MAIL in run("--restore", map_file, text=f"An answer about {surrogate.upper()}!\n").lower()
    map_file.chmod(0o644)
    assert "chmod 600" in invoke(out / "a.txt", "--restore", map_file).stderr


CHAT = {
    "model": "m",
    "messages": [
        {"role": "user", "content": f"Write to {MAIL}"},
        {"role": "assistant", "tool_calls": [{"function": {"arguments": json.dumps({"to": MAIL})}}]},
    ],
    "n": 2,
    "stop": None,
}


def test_json_keeps_its_shape(tmp_path: Path) -> None:
    made = tmp_path / "body.json"
    made.write_text(json.dumps(CHAT), "utf-8")
    hidden = json.loads(run(made, "--plain"))
    assert MAIL not in json.dumps(hidden)
    assert {k: v for k, v in hidden.items() if k != "messages"} == {k: v for k, v in CHAT.items() if k != "messages"}
    told = hidden["messages"][0]["content"].removeprefix("Write to ")
    assert json.loads(hidden["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"to": told}
    assert "messages[0].content" in run(made)
    assert run(made, "--plain", "--format", "text").startswith('{"model"')
    map_file = tmp_path / "map"
    invoke(made, "--plain", "--map", map_file)
    back = tmp_path / "hidden.json"
    back.write_text(json.dumps(hidden), "utf-8")
    assert json.loads(run(back, "--restore", map_file)) == CHAT


def test_json_lines(tmp_path: Path) -> None:
    made = tmp_path / "rows.jsonl"
    made.write_text(f'{{"a": "{MAIL}"}}\n\n["x", 1]\n"{MAIL}"\n', "utf-8")
    lines = run(made, "--plain").splitlines()
    assert json.loads(lines[0])["a"] == json.loads(lines[3]) != MAIL
    assert lines[1] == "" and json.loads(lines[2]) == ["x", 1]
    assert "line 4" in run(made)


def test_a_report_for_programs(file: Path, tmp_path: Path) -> None:
    """Offsets point into the original, no original is in it, and texts of several blocks count through."""
    other = tmp_path / "long.txt"
    filler = "A line of no interest whatever.\n" * 4000
    other.write_text(f"{filler}\nmail {MAIL}\n", "utf-8")
    first, second = map(json.loads, run(file, other, "--json").splitlines())
    for report, text in ((first, TEXT), (second, other.read_text("utf-8"))):
        assert MAIL not in json.dumps(report)
        for find in report["findings"]:
            value = text[find["start"] : find["end"]]
            assert (value == MAIL) == (find["type"] == "EMAIL_ADDRESS") and find["replaced_by"] in report["text"]
            assert 0 < find["score"] <= 1
    assert first["entities"] == {"EMAIL_ADDRESS": 1, "CREDIT_CARD": 1}
    assert len(read(other, "auto").pieces) > 1
    body = tmp_path / "b.json"
    body.write_text(json.dumps({"x": [MAIL]}), "utf-8")
    (find,) = json.loads(run(body, "--json"))["findings"]
    assert (find["path"], find["start"]) == ("x[0]", 0)


@pytest.mark.parametrize(("text", "code", "said"), [(TEXT, 3, "found: CREDIT_CARD 1"), ("hello", 0, "found: nothing")])
def test_a_check_for_scripts(text: str, code: int, said: str) -> None:
    result = invoke("--check", text=text)
    assert (result.exit_code, said in result.stdout, MAIL in result.output) == (code, True, False)


def test_rules_from_the_command_line_and_from_a_config(tmp_path: Path) -> None:
    assert "***" in run("--plain", "--entity", "EMAIL_ADDRESS=mask", text=TEXT)
    assert "hidden for good" in run("--entity", "EMAIL_ADDRESS=mask", text=TEXT)
    config = tmp_path / "guard.yaml"
    config.write_text("policies: {strict: {sanitize: {deny: [zork], entities: {EMAIL_ADDRESS: keep}}}}\n"
                      "routes: [{upstream: local, policy: strict}]\n")  # fmt: skip
    hidden = run("--plain", "--config", config, "--policy", "strict", text=f"zork {MAIL}")
    assert "zork" not in hidden and MAIL in hidden
    own = tmp_path / "own.yaml"
    own.write_text("policies: {default: {sanitize: {recognizers: [{name: Staff, entity: STAFF_ID, "
                   "patterns: [{regex: 'E-[0-9]{5}', score: 0.9}]}]}}}\n")  # fmt: skip
    assert "E-12345" not in run("--plain", "--config", own, text="ask E-12345")
    result = invoke("--config", config, "--policy", "strict", "--entity", "CREDIT_CARD=block", text=TEXT)
    assert result.exit_code == 3 and "nothing leaves: CREDIT_CARD 1" in result.stderr and "4111" not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--plain", "--json"], "exclude each other"),
        (["{dir}/a", "{dir}/a", "--plain"], "write several with --output"),
        (["{dir}"], r"is a folder: name the files in it"),
        (["{dir}/missing"], "cannot be read: No such file"),
        (["{dir}/latin"], r"not UTF-8 \(byte 1\): convert it first"),
        (["{dir}/bad.json"], r"not valid JSON \(line 1, column 2\); --format text"),
        (["{dir}/bad.jsonl"], r"not valid JSON \(line 2, column 1\)"),
        (["{dir}/deep.json"], "nested too deeply"),
        (["{dir}/a", "--entity", "EMAIL_ADDRESS"], "write TYPE=POLICY"),
        (["{dir}/a", "--entity", "EMAIL=mask"], "unknown entity type 'EMAIL'"),
        (["{dir}/a", "--entity", "EMAIL_ADDRESS=hide"], "unknown policy for EMAIL_ADDRESS"),
        (["{dir}/a", "--map", "{dir}/a"], "is there already"),
        (["{dir}/a", "--output", "{dir}"], "is there already"),
        (["{dir}/a", "--map", "{dir}/no/such/folder"], "cannot be written"),
        (["{dir}/a", "--restore", "{dir}/missing"], "cannot be read"),
        (["{dir}/a", "--restore", "{dir}/a"], "is no map: write one with guard sanitize --map"),
        (["{dir}/a", "--restore", "{dir}/bad.jsonl"], "is no map"),
        (["{dir}/a", "--restore", "{dir}/a", "--map", "{dir}/b"], "makes no map"),
        (["{dir}/a", "--config", "{dir}/none.yaml"], "none.yaml"),
    ],
)
def test_errors_say_what_to_do(tmp_path: Path, arguments: list[str], message: str) -> None:
    for name, content in {
        "a": b"text",
        "latin": b"a\xff",
        "bad.json": b"{",
        "bad.jsonl": b'{"format": "x"}\noops',
        "deep.json": b"[" * 100_000,
    }.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(GuardError, match=message):
        run(*[a.format(dir=tmp_path) for a in arguments])


def test_an_unknown_policy_is_named(tmp_path: Path) -> None:
    config = tmp_path / "guard.yaml"
    config.write_text("{}")
    with pytest.raises(GuardError, match="has no policy 'x'; it has: default"):
        run("--config", config, "--policy", "x", text="a")


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="ab \n\t\r。中", max_size=40).map(lambda s: s * 3000))
def test_blocks_are_the_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    made = tmp_path_factory.mktemp("blocks") / "t"
    made.write_bytes(text.encode())
    document = read(made, "text")
    assert document.build(document.pieces) == text and all(len(p) <= 2 * 32 * 1024 for p in document.pieces)


tree = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(tree)
def test_json_is_built_again(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    made = tmp_path_factory.mktemp("tree") / "t.json"
    made.write_text(json.dumps(value), "utf-8")
    document = read(made, "auto")
    assert json.loads(document.build(document.pieces)) == value
    changed = json.loads(document.build([p + "!" for p in document.pieces]))
    assert json.dumps(changed).count("!") >= len(document.pieces)


def test_values_over_several_lines_stay_side_by_side(tmp_path: Path) -> None:
    from sanitizers.hide import Replacement

    made = tmp_path / "t"
    made.write_text("a\nx\ny\nb", "utf-8")
    shown = list(rows(read(made, "text"), [(0, Replacement(0, 2, 5, "ADDRESS", "Z"))]))
    assert [(place, left.plain, right.plain) for place, left, right in shown] == [
        ("1", "a", "a"),
        ("2", "x", "Z"),
        ("3", "y", ""),
        ("4", "b", "b"),
    ]
