"""`guard config`: check, show, schema, docs, init, openapi."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from guard import config
from guard.config import reference
from guard.errors import ConfigError

app = typer.Typer(help="Check, show and start a guard.yaml.", no_args_is_help=True)

SCHEMA_NAME = "guard.schema.json"
File = Annotated[Path, typer.Argument(help="The config file.", show_default=False)]


@app.command()
def check(file: File) -> None:
    """Say everything that is wrong with a config, with key and line. Exit status 1 when something is."""
    found = config.load(file)
    policies = ", ".join(
        f"{name} (sanitize {p.sanitize.mode}, probe {p.probe.mode}, steer {p.steer.mode})"
        for name, p in found.policies.items()
    )
    typer.echo(f"{file}: ok")
    typer.echo(f"  upstreams: {', '.join(f'{name} ({u.kind})' for name, u in found.upstreams.items())}")
    typer.echo(f"  policies: {policies}")
    typer.echo(f"  routes: {len(found.routes)}, tenants: {len(found.tenants) or 'none, no API key is asked for'}")
    for warning in config.warnings(found):
        typer.echo(f"  warning: {warning}")


@app.command()
def show(
    file: Annotated[Path | None, typer.Argument(help="The config file; without one the built-in default.")] = None,
) -> None:
    """Print the effective config, defaults filled in and secrets hidden."""
    typer.echo(config.show(config.load(file) if file else config.default()), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of guard.yaml, for editors."""
    typer.echo(reference.schema_text(), nl=False)


@app.command()
def docs() -> None:
    """Print the configuration reference as a Markdown table."""
    typer.echo(reference.table(), nl=False)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("guard.yaml"),
    force: Annotated[bool, typer.Option(help="Overwrite what is there.")] = False,
) -> None:
    """Write a commented guard.yaml to start from, and beside it the schema that editors complete from."""
    schema_file = file.with_name(SCHEMA_NAME)
    for target in (file, schema_file):
        if target.exists() and not force and (target is file or target.read_text("utf-8") != reference.schema_text()):
            raise ConfigError(f"{target} is there already; --force overwrites it")
    file.write_text(config.starter(), "utf-8")
    schema_file.write_text(reference.schema_text(), "utf-8")
    typer.echo(f"wrote {file} and {schema_file}; next: guard config check {file}")


@app.command()
def openapi() -> None:
    """Print the API as an OpenAPI 3.1 document: every field that is accepted, as the proxy checks it."""
    from proxy.openapi import document

    typer.echo(json.dumps(document(), indent=1, ensure_ascii=False))
