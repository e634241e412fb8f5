"""Settings: where they come from, what is refused, and that their documentation is complete."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rostra.kit.settings import SETTINGS, Settings, SettingsError, describe_settings, is_loopback_domain, load_settings


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


@pytest.mark.parametrize("domain", ["localhost", "localhost:3000", "a.localhost", "127.0.0.1:80", "[::1]:80", "x.test"])
def test_loopback_names_are_known(domain: str) -> None:
    assert is_loopback_domain(domain)


@pytest.mark.parametrize("domain", ["social.example", "localhost.example", "8.8.8.8", "127.0.0.1.example.org"])
def test_public_names_are_not_loopback(domain: str) -> None:
    assert not is_loopback_domain(domain)
