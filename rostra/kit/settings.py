"""Settings: read once at start from a file and the environment, frozen, all problems reported together.

`SETTINGS` is the table of all of them with their documentation; `rostra up --help`, `docs/settings.md` and the file
`rostra.toml` in the data directory use the same names. The environment (ROSTRA_<NAME>) beats the file, the command
line beats both. What an administrator changes while the server runs is not here but in the database.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from rostra.kit.settings_values import find_unusable, is_plain_url

_LOCAL_SUFFIXES = (".localhost", ".test", ".local")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[0-9]{1,5})?")

# What a header may carry; what is wrong in one would be told with the key in it.
_BEARER_KEY = re.compile(r"[\x21-\x7e]+")
_SHOWN_TO_NOBODY = frozenset(
    {"secret_key", "vapid_private_key", "ledger_key", "external_key", "dsa_token"}
    | {"smtp_url", "notices_imap_url", "database_url", "storage_url", "continuity_targets"}
)

ExternalKind = Literal["moderations", "guard", "chat"]
SyncMode = Literal["off", "on", "strict"]

NO_DOMAIN = "domain: is not named: give --domain social.example (or ROSTRA_DOMAIN), or --dev to try it on this machine"
_PORT_IN_DOMAIN = "domain: a port is for development mode only"


class SettingsError(Exception):
    """One or more settings cannot be used; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. Field documentation is in `SETTINGS`."""

    data_dir: Path = Path("data")
    domain: str = "localhost:3000"
    scheme: str = "https"
    host: str = "127.0.0.1"
    port: int = 3000
    workers: int = 1
    job_workers: int = 1
    dev: bool = False
    database_url: str | None = None
    database_pool: int = 8
    pg_bindir: Path | None = None
    pg_user: str | None = None
    pg_shared_buffers: str = "96MB"
    storage_url: str | None = None
    media_url: str | None = None
    smtp_url: str | None = None
    mail_from: str | None = None
    notices_imap_url: str | None = None
    notices_authserv_id: str | None = None
    secret_key: str | None = None
    vapid_private_key: str | None = None
    ledger_key: str | None = None
    ledger_witnesses: tuple[str, ...] = ()
    rate_limit_scale: float = 1.0
    trusted_proxies: tuple[str, ...] = ()
    log_level: str = "info"
    log_json: bool | None = None
    argon2_time_cost: int = 3
    argon2_memory_kib: int = 65536
    external_url: str | None = None
    external_kind: ExternalKind = "moderations"
    external_model: str | None = None
    external_key: str | None = None
    external_timeout: float = 0.8
    external_policy: Path | None = None
    dsa_url: str = "https://transparency.dsa.ec.europa.eu/api/v1/statements"
    dsa_token: str | None = None
    continuity_targets: tuple[str, ...] = ()
    continuity_interval: float = 1.0
    continuity_bandwidth: float = 0.0
    continuity_base_hours: float = 24.0
    continuity_full_every: int = 7
    continuity_keep_days: int = 14
    continuity_keep_bases: int = 2
    continuity_spool_mib: int = 2048
    continuity_extra: tuple[str, ...] = ()
    continuity_sync: SyncMode = "off"

    def __repr__(self) -> str:
        """Without what is secret, wherever it may be printed."""
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same, for tracebacks on a terminal that show variables."""
        named = msgspec.structs.asdict(self).items()
        return [(name, "…" if name in _SHOWN_TO_NOBODY and value is not None else value) for name, value in named]

    @property
    def base_url(self) -> str:
        """Scheme and domain, without a slash at the end: what every public URL begins with."""
        return f"{self.scheme}://{self.domain}"

    @property
    def media_base_url(self) -> str:
        """What the public URL of a stored object begins with."""
        return self.media_url or f"{self.base_url}/media"

    @property
    def cookie_prefix(self) -> str:
        """What the names of this server's cookies begin with.

        The one for https keeps other hosts of the domain from planting a cookie (RFC 6265bis, 4.1.3.2). Without TLS it
        cannot be had; there the port keeps several servers on one machine apart, which browsers do not.
        """
        port = self.domain.rpartition(":")[2] if ":" in self.domain else ""
        return "__Host-rostra_" if self.scheme == "https" else f"rostra{port}_"

    @property
    def rate_limits_scaled_by(self) -> float:
        """The factor on every rate limit; 0 switches them off, as development mode does."""
        return 0.0 if self.dev else self.rate_limit_scale


SETTINGS: Final[dict[str, str]] = {
    "data_dir": "Directory of everything that must survive: database, media, secrets, mail in development.",
    "domain": "Public name in handles and addresses, as `social.example`: it can never change. In development mode it "
    "may, and is `localhost:` and the port where it is not named.",
    "scheme": "`https` (behind a proxy that ends TLS) or, in development mode alone and by default there, `http`.",
    "host": "Address to listen on.",
    "port": "Port to listen on.",
    "workers": "Number of web processes.",
    "job_workers": "Number of processes that work off the queue.",
    "dev": "Development mode: plain http on loopback, rate limits off, sign-ups through the API confirmed at once.",
    "database_url": "An external PostgreSQL 16 or newer instead of the embedded one.",
    "database_pool": "Database connections that each process may open.",
    "pg_bindir": "Directory of the PostgreSQL 18 programs; empty: a system's, or the wheel's.",
    "pg_user": "Ordinary user that the embedded PostgreSQL runs as when Rostra is started as root.",
    "pg_shared_buffers": "Memory that the embedded PostgreSQL keeps for its page cache.",
    "storage_url": "Where media is kept: empty for a directory in the data directory, or an S3 URL.",
    "media_url": "Public address of the stored media where it is not served by Rostra itself (a CDN or a bucket).",
    "smtp_url": "Mail server, as smtp://user:password@host:587 or smtps://…; empty writes mail to a folder.",
    "mail_from": "Sender address of mail; empty means noreply@ the domain.",
    "notices_imap_url": "Mailbox for notices of hosts, as imaps://user:password@host:993/INBOX; empty: none.",
    "notices_authserv_id": "Name by which its mail server signs Authentication-Results; empty: no mail is believed.",
    "secret_key": "Key that signs cookies and forms, 32 random characters or more; empty: that in the data directory.",
    "vapid_private_key": "Web Push key (PEM); empty means the one kept in the data directory.",
    "ledger_key": "Key that signs the ledger's checkpoints (Ed25519, PEM); empty means the one in the data directory.",
    "ledger_witnesses": "Addresses that get a letter with the ledger's newest checkpoint every day, apart by commas.",
    "rate_limit_scale": "Factor on every rate limit; 0 switches them off.",
    "trusted_proxies": "Addresses or networks of reverse proxies whose X-Forwarded-For is believed.",
    "log_level": "debug, info, warning or error.",
    "log_json": "JSON log lines; empty means: unless standard error is a terminal.",
    "argon2_time_cost": "Passes of the password hash.",
    "argon2_memory_kib": "Memory of the password hash, in KiB.",
    "external_url": "Server of an external model that the policy may ask, up to `/v1`: it is sent what people write.",
    "external_kind": "`moderations` (OpenAI's shape), `guard` (Llama Guard) or `chat` (a chat model told the policy).",
    "external_model": "Name of the model; needed for `guard` and `chat`.",
    "external_key": "Key that is sent to that server as a bearer token.",
    "external_timeout": "Seconds that a post waits for the external model; without an answer the policy decides.",
    "external_policy": "File with the policy that a `chat` model is told; empty for the one that comes with Rostra.",
    "dsa_url": "Where statements of reasons are handed in: the European Union's database, or its sandbox.",
    "dsa_token": "Token of that database; empty: nothing is handed in.",
    "continuity_targets": "Where copies go, apart by commas: `s3://…`, `sftp://user@host/path?…` or a directory.",
    "continuity_interval": "Seconds between two shipments of what was written; nothing is sent when nothing was.",
    "continuity_bandwidth": "Megabytes a second that base backups and media may take to each target; 0: no limit.",
    "continuity_base_hours": "Hours between two base backups.",
    "continuity_full_every": "Every so many base backups is a full one, the others hold what changed since.",
    "continuity_keep_days": "Days back to which any moment can be restored.",
    "continuity_keep_bases": "Full base backups that are kept however old they are.",
    "continuity_spool_mib": "Disk, in MiB, for what a target that cannot be reached does not have yet.",
    "continuity_extra": "More files and directories to copy with the secrets, apart by commas: TLS keys, zone files.",
    "continuity_sync": "`on`: posts wait until a standby has them, unless none answers; `strict`: they wait; or `off`.",
}


# Short names where the command line has one.
_VARIABLES: Final = {"data_dir": "DATA"}


def load_settings(environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> Settings:
    """Read settings: defaults, then `rostra.toml` in the data directory, then ROSTRA_* variables, then `overrides`.

    Raises SettingsError with every problem at once.
    """
    problems: list[str] = []
    given: dict[str, Any] = {}
    named = {key.removeprefix("ROSTRA_").lower(): value for key, value in environ.items() if key.startswith("ROSTRA_")}
    # ROSTRA_DATA is the short name that the command line shows.
    if "data" in named:
        named["data_dir"] = named.pop("data")
    chosen = {key: value for key, value in (overrides or {}).items() if value is not None}
    data_dir = Path(str(chosen.get("data_dir") or named.get("data_dir") or "data"))
    given |= _read_file(data_dir / "rostra.toml", problems)
    given |= {key: value for key, value in named.items() if key in SETTINGS and value != ""}
    given |= chosen
    given["data_dir"] = data_dir
    for name in ("trusted_proxies", "ledger_witnesses", "continuity_targets", "continuity_extra"):
        if isinstance(given.get(name), str):
            given[name] = [part.strip() for part in given[name].split(",") if part.strip()]
    settings, unread = _convert(given)
    if settings.dev and "scheme" not in given:
        settings = msgspec.structs.replace(settings, scheme="http")
    if settings.dev and "domain" not in given:
        settings = msgspec.structs.replace(settings, domain=f"localhost:{settings.port}")
    problems += unread.values()
    if "dev" not in unread:
        # A value that could not be read is the default here, of which nothing is to be said.
        found = [each for each in _contradictions(settings) if each.partition(":")[0] not in unread]
        # The domain that is assumed where none is named is that of development.
        problems += [NO_DOMAIN if each == _PORT_IN_DOMAIN and "domain" not in given else each for each in found]
    if problems:
        raise SettingsError(problems)
    return settings


def find_unknown(environ: Mapping[str, str]) -> list[str]:
    """The variables that look like settings and are none, which most likely are mistyped ones."""
    known = {f"ROSTRA_{name.upper()}" for name in SETTINGS} | {f"ROSTRA_{name}" for name in _VARIABLES.values()}
    return sorted(name for name in environ if name.startswith("ROSTRA_") and name not in known)


def is_loopback_domain(domain: str) -> bool:
    """Whether `domain` (with or without a port) can only mean this machine or a test network."""
    name = domain.rsplit(":", 1)[0] if domain.rsplit(":", 1)[-1].isdigit() else domain
    if name == "localhost" or name.endswith(_LOCAL_SUFFIXES):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _read_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        problems.append(f"{path}: is not a text in UTF-8")
        return {}
    except (tomllib.TOMLDecodeError, OSError) as error:
        problems.append(f"{path}: {error}")
        return {}
    for key in sorted(set(content) - set(SETTINGS)):
        problems.append(f"{path}: there is no setting called {key}; docs/settings.md lists them")
    return {key: value for key, value in content.items() if key in SETTINGS}


def _convert(given: dict[str, Any]) -> tuple[Settings, dict[str, str]]:
    """The settings as far as they can be read, and a line for each of the others.

    One field at a time, so that every unusable value is named and not only the first.
    """
    good: dict[str, Any] = {}
    unread: dict[str, str] = {}
    types = _types()
    for key, value in given.items():
        try:
            good[key] = _convert_field(value, types[key])
        except msgspec.ValidationError:
            unread[key] = f"{key}: must be {_wanted(types[key])}"
    return Settings(**good), unread


def _wanted(kind: Any) -> str:
    """What a setting of a type may be, in words."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) is tuple:
        return "a text, or a list of texts"
    plain = {int: "a whole number", float: "a number", bool: "true or false"}
    return next((words for each, words in plain.items() if kind in (each, each | None)), "a text")


@cache
def _types() -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(Settings)}


def _convert_field(value: object, kind: Any) -> object:
    if isinstance(value, Path):
        return value
    if kind in (Path, Path | None):
        return Path(str(value))
    if kind in (bool, bool | None) and isinstance(value, str):
        value = {"on": "true", "yes": "true", "off": "false", "no": "false"}.get(value.lower(), value)
    return msgspec.convert(value, kind, strict=False)


def _contradictions(settings: Settings) -> list[str]:
    problems: list[str] = []
    if not _DOMAIN.fullmatch(settings.domain):
        problems.append(f"domain: {settings.domain!r} is not a host name; use lower case, as in social.example")
    elif not settings.dev and ":" in settings.domain:
        problems.append(_PORT_IN_DOMAIN)
    problems += find_unusable(msgspec.structs.asdict(settings))
    if settings.dev and not is_loopback_domain(settings.domain):
        problems.append(
            f"dev: development mode is for loopback only and {settings.domain} is a public name; drop --dev"
        )
    if not settings.dev and settings.scheme == "http":
        problems.append("scheme: plain http is for development mode only; put a proxy with TLS in front")
    if settings.dsa_token is not None and not _BEARER_KEY.fullmatch(settings.dsa_token):
        problems.append("dsa_token: has blanks or letters that no token has")
    return problems + _contradictions_of_external(settings) + _contradictions_of_continuity(settings)


def _contradictions_of_external(settings: Settings) -> list[str]:
    problems: list[str] = []
    if settings.external_url is not None and not is_plain_url(settings.external_url):
        problems.append("external_url: must look like http://127.0.0.1:8080/v1, without a name, a password or a query")
    if settings.external_url is not None and settings.external_kind != "moderations" and not settings.external_model:
        problems.append(f"external_model: the kind {settings.external_kind} needs the name of a model")
    if settings.external_key is not None and not _BEARER_KEY.fullmatch(settings.external_key):
        problems.append("external_key: has blanks or letters that no key has")
    if not 0.05 <= settings.external_timeout <= 30:
        problems.append("external_timeout: must be between 0.05 and 30 seconds")
    if settings.external_policy is not None and not settings.external_policy.is_file():
        problems.append(f"external_policy: there is no file {settings.external_policy}")
    return problems


def _contradictions_of_continuity(settings: Settings) -> list[str]:
    problems: list[str] = []
    for number, address in enumerate(settings.continuity_targets, 1):
        scheme = address.partition("://")[0] if "://" in address else "file"
        if scheme not in ("s3", "sftp", "file"):
            problems.append(
                f"continuity_targets: number {number} begins with {scheme}://, not s3://, sftp:// or file://"
            )
    if not 0.2 <= settings.continuity_interval <= 3600:
        problems.append("continuity_interval: must be between 0.2 and 3600 seconds")
    for name in ("continuity_bandwidth", "continuity_base_hours"):
        if getattr(settings, name) < 0:
            problems.append(f"{name}: must not be negative")
    for name in ("continuity_full_every", "continuity_keep_days", "continuity_keep_bases", "continuity_spool_mib"):
        if getattr(settings, name) < 1:
            problems.append(f"{name}: must be at least 1")
    return problems


def describe_settings() -> str:
    """The table of all settings in Markdown; docs/settings.md holds exactly this."""
    defaults = Settings()
    rows = [
        f"| `{name}` | `ROSTRA_{_VARIABLES.get(name, name.upper())}` | {_shown(getattr(defaults, name))} | {text} |"
        for name, text in SETTINGS.items()
    ]
    return "\n".join(["| in rostra.toml | in the environment | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _shown(value: object) -> str:
    if value is None or value == ():
        return "empty"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"
