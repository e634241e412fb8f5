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


@pytest.mark.parametrize("domain", ["localhost", "localhost:3000", "a.localhost", "127.0.0.1:80", "[::1]:80", "x.test"])
def test_loopback_names_are_known(domain: str) -> None:
    assert is_loopback_domain(domain)


@pytest.mark.parametrize("domain", ["social.example", "localhost.example", "8.8.8.8", "127.0.0.1.example.org"])
def test_public_names_are_not_loopback(domain: str) -> None:
    assert not is_loopback_domain(domain)
