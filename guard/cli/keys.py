"""`guard keys`: make keys."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from guard.keys import digest, new_key

app = typer.Typer(help="Make keys.", no_args_is_help=True)


@app.callback()
def _keys() -> None:
    """Make keys."""


@app.command()
def new(tenant: Annotated[str, typer.Option(help="Name of the tenant, for the lines to paste.")] = "my-team") -> None:
    """Print a new API key, once, and the lines for guard.yaml. The key itself is kept nowhere."""
    key = new_key()
    typer.echo("API key (shown once, give it to the client):")
    typer.echo(f"  {key}")
    typer.echo("For guard.yaml:")
    typer.echo(f"  tenants:\n    - name: {tenant}\n      key_sha256: [{digest(key)}]")


@app.command()
def surrogate() -> None:
    """Print a new key for surrogates, once, and how one takes the place of another."""
    typer.echo("Key of the surrogates (keep it in a secret store; every replica needs the same):")
    typer.echo(f"  {secrets.token_urlsafe(32)}")
    typer.echo("For guard.yaml:")
    typer.echo("  surrogate_key: ${GUARD_SURROGATE_KEY}")
    typer.echo("When it takes the place of another, so that answers about earlier stand-ins are still restored:")
    typer.echo("  old_surrogate_keys: ['${GUARD_OLD_SURROGATE_KEY}']")
