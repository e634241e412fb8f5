"""`rostra doctor` on the external model."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rostra.cli.doctor_external import check_external_model
from rostra.cli.findings import Finding
from rostra.kit.settings import Settings
from tests.screening.model_server import ModelServer, model_server, moderation

# Nothing is to depend on how fast this machine is.
_PATIENT = 60.0


async def asked(model: ModelServer, folder: Path, timeout: float = _PATIENT) -> Finding:
    settings = Settings(data_dir=folder, external_url=model.url, external_key="s3cret", external_timeout=timeout)
    (found,) = await asyncio.to_thread(check_external_model, settings)
    assert "s3cret" not in f"{found.found} {found.todo}"
    return found


def test_without_a_model_nothing_is_said(tmp_path: Path) -> None:
    assert check_external_model(Settings(data_dir=tmp_path)) == []


async def test_a_model_that_answers_is_well_whatever_it_thinks(tmp_path: Path) -> None:
    async with model_server() as model:
        model.answer = moderation()
        found = await asked(model, tmp_path)
        assert found.state == "ok"
        assert f"{model.url} answers" in found.found
        assert model.asked[0][1]["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, {}, "answered with 401"),
        (413, {}, "answered with 413"),
        (200, b"<html>", "in another shape: JSON is malformed"),
        (200, {"results": []}, "in another shape"),
    ],
)
async def test_what_is_in_the_way_is_named(tmp_path: Path, status: int, answer: object, said: str) -> None:
    async with model_server() as model:
        model.status, model.answer = status, answer
        found = await asked(model, tmp_path)
    assert found.state == "warn"
    assert said in found.found
    assert "external_key" in found.todo


async def test_a_model_that_is_too_slow_or_away_is_named(tmp_path: Path) -> None:
    async with model_server() as model:
        model.stuck = True
        assert "no answer within 0.1 s" in (await asked(model, tmp_path, 0.1)).found
    assert (await asked(model, tmp_path)).state == "warn"
