"""What is generated from the models is in the repository as generated, and what is shown holds no secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from guard.config import Config, default, loads, reference, schema, show
from guard.metrics import Metrics

ROOT = Path(__file__).parents[3]
SECRET = "hunter2hunter2hunter2"


def test_the_shipped_schema_is_current() -> None:
    assert reference.SCHEMA_PATH.read_text("utf-8") == reference.schema_text(), "run `make generate`"


@pytest.mark.parametrize(
    ("page", "table"),
    [("docs/configuration.md", reference.table()), ("docs/metrics.md", Metrics().table())],
    ids=["configuration", "metrics"],
)
def test_the_pages_are_current(page: str, table: str) -> None:
    assert table in (ROOT / page).read_text("utf-8"), "run `make generate`"


def test_every_key_is_described() -> None:
    rows = list(reference.rows())
    assert [r.key for r in rows if not r.text] == []
    assert len({(r.key, r.type, r.text) for r in rows}) == len(rows)
    assert {"server.port", "upstreams.<name>.api_key", "routes[].match.headers", "policies.<name>.probe.block_at"} <= {
        r.key for r in rows
    }


def test_schema_takes_references_where_yaml_has_no_text() -> None:
    server = schema()["$defs"]["Server"]
    assert server["additionalProperties"] is False
    assert [b["type"] for b in server["properties"]["port"]["anyOf"]] == ["integer", "string"]
    assert server["properties"]["port"]["default"] == 8080
    secret = schema()["$defs"]["Vllm"]["properties"]["secret"]
    assert [b.get("minLength") for b in secret["anyOf"]] == [16, None]
    assert [b.get("enum") for b in schema()["$defs"]["Mode"]["anyOf"]] == [["off", "monitor", "enforce"], None]


def test_starter_names_only_keys_that_exist() -> None:
    assert Config.model_fields.keys() >= YAML(typ="safe").load(reference.starter()).keys()
    assert reference.starter().startswith("# yaml-language-server: $schema=guard.schema.json\n")


def test_show_hides_secrets() -> None:
    text = f"""
upstreams:
  local: {{kind: openai, base_url: "https://host/v1", api_key: "{SECRET}"}}
  b: {{kind: openai, base_url: "${{URL}}", api_key: "${{KEY:-{SECRET}}}"}}
policies:
  default:
    sanitize: {{deny: ["{SECRET}", "${{KEY}}"], allow: ["{SECRET}"]}}
    plugins:
      mine:
        options: {{api_key: {SECRET}, nested: {{token: [{SECRET}]}}, plain: visible, url: "${{KEY}}", at: "https://u:{SECRET}@h"}}
surrogate_key: {SECRET}
"""
    config = loads(text, environment={"URL": f"https://{SECRET}.example", "KEY": SECRET})
    shown = show(config)
    assert SECRET not in shown
    assert SECRET not in repr(config.upstreams["local"])
    data = YAML(typ="safe").load(shown)
    assert data["upstreams"]["b"]["base_url"] == "${URL}"
    assert data["upstreams"]["b"]["api_key"] == "${KEY:-**********}"
    options = data["policies"]["default"]["plugins"]["mine"]["options"]
    assert options == {
        "at": "https://**********@h",
        "api_key": "**********",
        "nested": {"token": ["**********"]},
        "plain": "visible",
        "url": "${KEY}",
    }


@pytest.mark.parametrize("config", [default(), Config()], ids=["default", "empty"])
def test_show_can_be_loaded_again(config: Config) -> None:
    assert loads(show(config), environment={}) == config


def test_every_model_is_strict_and_frozen() -> None:
    def models(model: type[BaseModel]) -> set[type[BaseModel]]:
        below = [c for f in model.model_fields.values() for c in (reference._children(f.annotation) or ("", []))[1]]
        return {model}.union(*map(models, below))

    for model in models(Config):
        assert model.model_config.get("strict") and model.model_config.get("frozen"), model
        assert model.model_config.get("extra") == "forbid", model
