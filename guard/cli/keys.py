"""`guard keys`: make API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.keys import digest, new_key

app = typer.Typer(help="Make API keys.", no_args_is_help=True)


@app.callback()
def _keys() -> None:
    """Make API keys."""


@app.command()
def new(tenant: Annotated[str, typer.Option(help="Name of the tenant, for the lines to paste.")] = "my-team") -> None:
    """Print a new API key, once, and the lines for guard.yaml. The key itself is kept nowhere."""
    key = new_key()
    typer.echo("API key (shown once, give it to the client):")
    typer.echo(f"  {key}")
    typer.echo("For guard.yaml:")
    typer.echo(f"  tenants:\n    - name: {tenant}\n      key_sha256: [{digest(key)}]")
