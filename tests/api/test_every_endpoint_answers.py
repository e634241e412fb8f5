"""Every endpoint of the description, with whatever fits it and with what does not: never a 500, always as described.

The requests are made up by schemathesis, the same ones in every run, and sent to the application in process; paths
are pointed at real records half of the time, for an id that is nowhere tests little.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import Any

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from rostra.api.openapi import describe
from tests.api.stage import Populated
from tests.world import DOMAIN, check_answer

HONEST = settings(
    max_examples=7, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
BOUNDS = {GenerationMode.POSITIVE: HONEST, GenerationMode.NEGATIVE: settings(HONEST, max_examples=5)}
# What the client itself says, and what the case made up for signing in.
OWN_HEADERS = {"authorization", "content-length", "connection", "accept-encoding"}


@cache
def description() -> Any:
    return schemathesis.openapi.from_dict(msgspec.json.decode(describe(f"http://{DOMAIN}")))


FOUND = (found.ok() for found in description().get_all_operations())
# Whatever takes PUT takes PATCH as well, and means the same.
OPERATIONS = {operation.label: operation for operation in FOUND if operation.method.upper() != "PUT"}


async def send(ready: Populated, case: Any, *, signed_in: bool, real: bool) -> None:
    """Send a case and hold the answer to the description."""
    if real:
        case.path_parameters = ready.path(case.operation.path, dict(case.path_parameters or {}))
    made = requests.Request(**case.as_transport_kwargs(base_url=f"http://{DOMAIN}")).prepare()
    headers = {name: value for name, value in made.headers.items() if name.lower() not in OWN_HEADERS}
    if signed_in:
        headers["authorization"] = f"Bearer {ready.person.token}"
    assert made.method
    assert made.url
    request = ready.world.http.build_request(made.method, made.url, headers=headers, content=made.body or b"")
    answer = await ready.world.http.send(request)
    sent = f"{request.method} {request.url} {headers} {request.content[:1000]!r}"
    said = f"{sent} -> {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500, said
    if answer.status_code >= 400:
        assert isinstance(answer.json().get("error"), str), said
    check_answer(request.method, answer)


@cache
def make_up(label: str, mode: GenerationMode) -> list[tuple[Any, bool, bool]]:
    """Cases for an operation, each with whether somebody sends it and whether its path is pointed at real records.

    Making them up takes longer than sending them, and those of the admin API are sent twice (`tests/api/admin`).
    """
    made: list[tuple[Any, bool, bool]] = []

    @BOUNDS[mode]
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), signed_in=st.integers(0, 3), real=st.booleans())
    def collect(case: Any, signed_in: int, real: bool) -> None:
        made.append((case, signed_in > 0, real))

    # Where an operation takes nothing, nothing can be wrong.
    with contextlib.suppress(Unsatisfiable):
        collect()
    return made


@pytest.mark.parametrize("label", OPERATIONS)
async def test_it_answers_as_described_and_refuses_what_does_not_fit(populated: Populated, label: str) -> None:
    honest = make_up(label, GenerationMode.POSITIVE)
    assert honest
    for case, signed_in, real in (*honest, *make_up(label, GenerationMode.NEGATIVE)):
        await send(populated, case, signed_in=signed_in, real=real)
