"""Settings: where they come from, what is refused, and that their documentation is complete."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rostra.kit.settings import (
    NO_DOMAIN,
    SETTINGS,
    Settings,
    SettingsError,
    describe_settings,
    is_loopback_domain,
    load_settings,
)


def test_every_setting_is_documented() -> None:
    assert set(SETTINGS) == {field.name for field in msgspec.structs.fields(Settings)}
    assert Path("docs/settings.md").read_text().endswith(describe_settings())


def test_the_command_line_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    (tmp_path / "rostra.toml").write_text('domain = "file.example"\nport = 1\nworkers = 4\n')
    settings = load_settings(
        {"ROSTRA_DATA": str(tmp_path), "ROSTRA_PORT": "2", "ROSTRA_DOMAIN": "env.example"}, {"domain": "line.example"}
    )
    assert (settings.domain, settings.port, settings.workers) == ("line.example", 2, 4)


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "rostra.toml").write_text("colour = 1\n")
    with pytest.raises(SettingsError) as refused:
        load_settings({"ROSTRA_DATA": str(tmp_path), "ROSTRA_PORT": "many", "ROSTRA_WORKERS": "-"})
    text = str(refused.value)
    assert "colour" in text
    assert "port" in text
    assert "workers" in text


def test_a_server_without_a_name_is_told_how_to_give_it_one() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({}, {"port": 3000})
    assert refused.value.problems == [NO_DOMAIN]
    assert load_settings({}, {"dev": True}).domain == "localhost:3000"
    assert load_settings({}, {"dev": True, "port": 3100}).domain == "localhost:3100"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"dev": True, "domain": "social.example"}, "public name"),
        ({"domain": "social.example", "scheme": "http"}, "plain http"),
        ({"domain": "social.example:8080"}, "port"),
        ({"domain": "Social Example"}, "host name"),
        ({"domain": "social.example", "workers": 0}, "workers"),
    ],
)
def test_contradictions_are_refused(given: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings({}, given)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"external_url": "127.0.0.1:8080"}, "external_url"),
        ({"external_url": "http://name:password@host/v1"}, "external_url"),
        ({"external_url": "http://host/v1?key=1"}, "external_url"),
        ({"external_url": "http://0x7f.1/v1"}, "external_url"),
        ({"external_url": "http://host:99999/v1"}, "external_url"),
        ({"external_url": "http://host/v1", "external_kind": "guard"}, "external_model"),
        ({"external_url": "http://host/v1", "external_kind": "oracle"}, "external_kind"),
        ({"external_timeout": 0}, "external_timeout"),
        ({"external_timeout": "nan"}, "external_timeout"),
        ({"external_policy": "/no/such/file"}, "external_policy"),
    ],
)
def test_an_external_model_that_cannot_be_asked_is_refused(given: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings({}, given)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v1", "https://model.example/v1/", "http://[fd00::2]:81/v1"])
def test_a_model_server_may_be_anywhere(url: str) -> None:
    settings = load_settings({"ROSTRA_EXTERNAL_URL": url, "ROSTRA_EXTERNAL_KEY": "sk-1"}, {"domain": "a.example"})
    assert settings.external_url == url


def test_what_is_secret_is_not_printed() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({}, {"external_key": "sk-\nhush", "vapid_private_key": "hush"})
    settings = Settings(external_key="hush", secret_key="hush", smtp_url="smtp://me:hush@host")
    assert "hush" not in f"{refused.value}{settings}{settings!r}{dict(settings.__rich_repr__())}"
    assert "domain='localhost:3000'" in repr(settings)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("port", ["0", "99999"]),
        (
            "database_url",
            [
                "mysql://a@b/c",
                "host=x",
                "postgresql://u:p@ss@h/x",
                "postgresql://u:p/ss@h/x",
                "postgresql://u:p#s@h/x",
                "postgresql://u@h:port/x",
                "postgresql://u@h:5432,i:port/x",
            ],
        ),
        ("database_pool", ["0", "1000000"]),
        ("pg_shared_buffers", ["lots", "96"]),
        ("storage_url", ["ftp://x", "s3://"]),
        ("media_url", ["nonsense", "https://a.example/?x=1", "https://a.example; script-src *"]),
        ("smtp_url", ["ftp://x", "mail.example.org", "smtp://", "smtp://host:hush", "smtp://host:99999"]),
        ("mail_from", ["nonsense", "Rostra"]),
        ("secret_key", ["short"]),
        ("vapid_private_key", ["nonsense"]),
        ("ledger_key", ["nonsense"]),
        ("rate_limit_scale", ["-1", "nan", "inf"]),
        ("log_level", ["loud"]),
        ("argon2_time_cost", ["0"]),
        ("argon2_memory_kib", ["1"]),
        ("trusted_proxies", ["nonsense", "10.0.0.0/8, proxy"]),
    ],
)
def test_a_value_that_would_fail_later_is_refused_at_start(name: str, values: list[str]) -> None:
    for value in values:
        with pytest.raises(SettingsError) as refused:
            load_settings({f"ROSTRA_{name.upper()}": value}, {"domain": "a.example"})
        assert [problem.partition(":")[0] for problem in refused.value.problems] == [name]


def test_what_cannot_be_read_is_told_in_words_together_with_all_else() -> None:
    given = {
        "ROSTRA_PORT": "many", "ROSTRA_CONTINUITY_INTERVAL": "x", "ROSTRA_LOG_JSON": "maybe",
        "ROSTRA_CONTINUITY_SYNC": "maybe", "ROSTRA_LOG_LEVEL": "loud",
    }  # fmt: skip
    with pytest.raises(SettingsError) as refused:
        load_settings(given, {"domain": "a.example", "continuity_targets": 5})
    assert sorted(refused.value.problems) == [
        "continuity_interval: must be a number",
        "continuity_sync: must be one of off, on, strict",
        "continuity_targets: must be a text, or a list of texts",
        "log_json: must be true or false",
        "log_level: must be one of debug, info, warning, error",
        "port: must be a whole number",
    ]
    with pytest.raises(SettingsError, match=r"^domain: 'https://a\.example' is not a host name[^;]*; use [^;]*$"):
        load_settings({}, {"domain": "https://a.example"})


def test_values_that_are_fine_are_taken() -> None:
    given = {
        "storage_url": "s3://key:secret@bucket/prefix?endpoint=https://host", "media_url": "https://cdn.example/media",
        "smtp_url": "smtps://me:pass@mail.example:465", "mail_from": "Rostra <post@a.example>", "secret_key": "k" * 32,
        "rate_limit_scale": "0", "trusted_proxies": "127.0.0.1, 10.0.0.0/8, fd00::/8", "pg_shared_buffers": "1 GB",
    }  # fmt: skip
    named = {f"ROSTRA_{name.upper()}": value for name, value in given.items()}
    for url in (
        "postgresql://u:p%40ss@h.example:5432/x?sslmode=require", "postgres:///x?host=/run/postgresql&port=5433",
        "postgresql://u:p@one:5432,two,[::1]:5434/x", "postgresql://u@/x?host=/tmp/a,b", "postgresql://h",
    ):  # fmt: skip
        assert load_settings({"ROSTRA_DATABASE_URL": url}, {"domain": "a.example"}).database_url == url
    assert load_settings(named, {"domain": "a.example"}).trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "fd00::/8")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rostra.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not a text in UTF-8"):
        load_settings({"ROSTRA_DATA": str(tmp_path)})


@pytest.mark.parametrize("domain", ["localhost", "localhost:3000", "a.localhost", "127.0.0.1:80", "[::1]:80", "x.test"])
def test_loopback_names_are_known(domain: str) -> None:
    assert is_loopback_domain(domain)


@pytest.mark.parametrize("domain", ["social.example", "localhost.example", "8.8.8.8", "127.0.0.1.example.org"])
def test_public_names_are_not_loopback(domain: str) -> None:
    assert not is_loopback_domain(domain)


def test_development_is_plain_http_unless_it_is_told_otherwise() -> None:
    dev = {"ROSTRA_DEV": "1"}
    assert load_settings(dev).base_url == "http://localhost:3000"
    assert load_settings(dev | {"ROSTRA_SCHEME": "https"}).base_url == "https://localhost:3000"
    assert load_settings({}, {"domain": "social.example"}).base_url == "https://social.example"
