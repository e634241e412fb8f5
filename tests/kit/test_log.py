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


def test_what_people_wrote_is_not_in_the_account_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()

    def crash(_written: str) -> None:
        raise ValueError

    for as_json in (False, True):
        # Made up, so that it cannot stand in the lines of code that are shown.
        written = secrets.token_urlsafe(9)
        try:
            set_up_logging(as_json=as_json)
            try:
                crash(written)
            except ValueError:
                structlog.get_logger().exception("a detector crashed")
        finally:
            structlog.configure(**before)
        said = capsys.readouterr().err
        assert "ValueError" in said
        assert written not in said
