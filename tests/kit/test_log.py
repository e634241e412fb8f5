"""Secrets do not get into logs, not even as a piece of an address."""

from __future__ import annotations

import json
import secrets

import pytest
import structlog

from rostra.kit.log import set_up_logging


def test_a_secret_link_is_masked_in_the_path_of_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    token = secrets.token_urlsafe(32)
    try:
        set_up_logging(as_json=True)
        structlog.get_logger().info("request", path=f"/legal/notice/{token}/appeal", other="/@ada/116516192256001077")
    finally:
        structlog.configure(**before)
    said = json.loads(capsys.readouterr().err)
    assert said["path"] == "/legal/notice/…/appeal"
    assert said["other"] == "/@ada/116516192256001077"
