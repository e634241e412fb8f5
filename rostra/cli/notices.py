"""`rostra notices`: take notices in, look at them, check evidence packs, manage providers, rehearse an answer."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rostra.cli.options import Exit, Refusal, with_settings
from rostra.kit.settings import Settings

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_as_option = click.option("--as", "actor", required=True, metavar="USERNAME", help="In whose name: one of the staff.")
_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.group()
def notices() -> None:
    """Notices of hosts and authorities.

    docs/notices.md explains the forms that are understood, the clocks, and the evidence pack.
    """


@notices.command("list")
@click.option(
    "--which", type=click.Choice(("open", "quarantined", "closed")), default="open", show_default=True, help="Which."
)
@_json_option
@with_settings
def list_(settings: Settings, which: str, as_json: bool) -> None:
    """Open notices by their clocks, those in quarantine, or those that are over; forty of them."""
    from rostra.cli import notices_server

    notices_server.print_list(settings, which, as_json=as_json)


@notices.command()
@click.argument("notice_id", type=int)
@_json_option
@with_settings
def show(settings: Settings, notice_id: int, as_json: bool) -> None:
    """One notice with its examples and what was done about each."""
    from rostra.cli import notices_server

    notices_server.print_notice(settings, notice_id, as_json=as_json)


@notices.command()
@click.argument("file", type=_FILE)
@click.option("--provider", default="", help="Whose it is; you vouch for that.")
@click.option(
    "--regime", type=click.Choice(("host", "order", "terrorist", "legal", "store", "own")), help="What it is."
)
@click.option("--type", "content_type", default="", help="Content type, where the look of it is not enough.")
@with_settings
def add(settings: Settings, file: Path, provider: str, regime: str | None, content_type: str) -> None:
    """Take a notice in from FILE, or from standard input where FILE is a dash: XARF, mail, a table, or plain text."""
    from rostra.cli import notices_server

    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    notices_server.add(settings, body, provider=provider, regime=regime, content_type=content_type)


@notices.command()
@with_settings
def mailbox(settings: Settings) -> None:
    """Read the mailbox now; the workers do so each minute."""
    from rostra.cli import notices_server

    notices_server.read_mail(settings)


@notices.command()
@click.argument("notice_id", type=int)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; else evidence-ID.zip.")
@with_settings
def pack(settings: Settings, notice_id: int, out: Path | None) -> None:
    """Make the evidence pack of a notice, and write it to a file."""
    from rostra.cli import notices_server

    notices_server.write_pack(settings, notice_id, out or Path(f"evidence-{notice_id}.zip"))


@notices.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", default="", help="The key that it must be signed by, as the server publishes it.")
def verify(file: Path, key: str) -> None:
    """Check an evidence pack, without any server: whether any byte of it was changed since it was signed."""
    from rostra.notices.pack_verify import Broken
    from rostra.notices.pack_verify import verify as check

    try:
        lines = check(file.read_bytes(), key)
    except Broken as error:
        raise Refusal(Exit.FAILED, f"not verified: {error}") from None
    click.echo("\n".join([*lines, "verified"]))


@notices.command()
@_as_option
@_json_option
@with_settings
def drill(settings: Settings, actor: str, as_json: bool) -> None:
    """Rehearse an answer, from a made-up notice to the verified pack, and print how long each step took."""
    from rostra.cli import notices_server

    notices_server.drill(settings, actor, as_json=as_json)


@notices.group()
def provider() -> None:
    """Hosts and authorities whose notices are believed."""


@provider.command("list")
@_json_option
@with_settings
def list_providers(settings: Settings, as_json: bool) -> None:
    """All of them."""
    from rostra.cli import notices_server

    notices_server.print_providers(settings, as_json=as_json)


@provider.command("add")
@click.argument("name")
@click.option("--host", default="", help="Whose clauses it cites: a host profile of the policy.")
@click.option("--contact", default="", help="E-mail address for the answer.")
@click.option("--domain", "domains", multiple=True, help="Domain of its mail; repeatable.")
@click.option(
    "--regime", type=click.Choice(("host", "order", "terrorist", "legal", "store", "own")), default="host",
    show_default=True, help="What its notices are.",
)  # fmt: skip
@click.option("--hours", type=float, default=24.0, show_default=True, help="For an answer.")
@click.option("--language", type=click.Choice(("en", "it")), default="en", show_default=True, help="Of the answer.")
@with_settings
def add_provider(
    settings: Settings, name: str, host: str, contact: str, domains: tuple[str, ...], regime: str, hours: float,
    language: str,
) -> None:  # fmt: skip
    """Keep a new one."""
    from rostra.cli import notices_server

    notices_server.add_provider(
        settings, name=name, host=host, contact=contact, domains=domains, regime=regime, hours=hours, language=language
    )


@provider.command()
@click.argument("name")
@with_settings
def token(settings: Settings, name: str) -> None:
    """Make a token by which it sends notices to the API, in place of the one before, and print it this once."""
    from rostra.cli import notices_server

    notices_server.make_token(settings, name)


@provider.command()
@click.argument("name")
@with_settings
def retire(settings: Settings, name: str) -> None:
    """Believe it no more: what comes in its name waits in quarantine."""
    from rostra.cli import notices_server

    notices_server.retire(settings, name)
