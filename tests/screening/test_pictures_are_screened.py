"""Known pictures, and an external model that is down, under the policy that comes with the program."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageOps

from rostra.kit.http import HttpClient
from rostra.media.image import process_image
from rostra.policy.check import check_files
from rostra.policy.shipped import shipped_files
from rostra.screening.banks import Banks
from rostra.screening.external import External
from rostra.screening.external_models import ExternalModel
from rostra.screening.screen import Screen
from rostra.screening.subject import Part, Picture, Subject
from tests.api.pictures import png
from tests.conftest import NOON
from tests.media.samples import encode
from tests.screening.model_server import model_server, moderation
from tests.world import Person, World

SWIRL = Image.effect_mandelbrot((900, 600), (-1.1, 0.05, -0.3, 0.6), 60)
KNOWN = Image.merge("RGB", (SWIRL, SWIRL.rotate(50), SWIRL.rotate(20)))
COPY = encode(ImageOps.mirror(KNOWN.resize((600, 400))), "JPEG", quality=60)


@pytest.fixture(autouse=True)
async def shipped_policy(world: World) -> None:
    """Where nobody has chosen a policy, the one that comes with the program holds."""
    await world.db.connection.execute("update policy_state set version_id = null")


@pytest.fixture
async def banks(world: World, tmp_path: Path) -> Banks:
    folder = tmp_path / "known"
    folder.mkdir()
    (folder / "terror-2027.txt").write_text(process_image(encode(KNOWN, "PNG")).hash.pdq.hex() + "\n")
    banks = Banks(folder)
    for _ in range(3):
        await banks.look()
        await banks.finish()
    world.res.screen.policies.banks = banks
    return banks


async def upload(person: Person, body: bytes) -> str:
    files = {"file": ("a.jpg", body, "image/jpeg")}
    return (await person.api.request("POST", "/api/v2/media", files=files)).json()["id"]


async def test_a_changed_copy_of_a_known_picture_is_not_published(world: World, banks: Banks) -> None:
    ada = await world.person("ada")
    ids = [await upload(ada, png()), await upload(ada, COPY)]
    refused = await ada.api.post("/api/v1/statuses", {"status": "Look", "media_ids": ids}, expect=422)
    assert "terror" in refused.json()["error"]
    await ada.api.post("/api/v1/statuses", {"status": "Look", "media_ids": ids[:1]})


async def test_it_is_no_profile_picture_either(world: World, banks: Banks) -> None:
    ada = await world.person("ada")
    path, files = "/api/v1/accounts/update_credentials", {"avatar": ("a.jpg", COPY, "image/jpeg")}
    refused = await ada.api.request("PATCH", path, files=files, expect=422)
    assert "terror" in refused.json()["error"]
    await ada.api.request("PATCH", path, files={"avatar": ("a.png", png(), "image/png")})


async def test_a_picture_without_a_hash_waits_where_there_are_banks(world: World, banks: Banks) -> None:
    ada = await world.person("ada")
    ids = [await upload(ada, png())]
    await world.db.connection.execute("update media_attachments set pdq = null, pdq_quality = 0")
    posted = (await ada.api.post("/api/v1/statuses", {"status": "Look", "media_ids": ids})).json()
    held = await world.db.connection.fetchval("select withheld from statuses where id = $1", int(posted["id"]))
    assert held == "review"


def test_the_rule_in_the_documentation_can_be_used() -> None:
    text = (Path(__file__).parents[2] / "docs" / "media.md").read_text()
    rule = text.partition("```yaml\n")[2].partition("```")[0]
    files = {**shipped_files(), "rules/own.yaml": rule.encode()}
    bundle, problems = check_files(files, today=NOON.date(), coverage=False)
    assert "known-scam-picture" in [found.id for found in bundle.rules]
    assert [problem for problem in problems if problem.file == "rules/own.yaml" and problem.level == "error"] == []


async def test_while_the_model_is_down_pictures_and_newcomers_wait_and_others_do_not(world: World) -> None:
    old, new = await world.person("old"), await world.person("new")
    await world.db.connection.execute(
        "update accounts set created_at = $1::timestamptz - interval '90 days' where id = $2",
        world.clock.now(),
        old.account_id,
    )
    async with model_server() as model, HttpClient(user_agent="r", own_server=model.url) as http:
        external = External(ExternalModel(url=model.url, timeout=5), http, world.clock)
        screen = Screen(world.clock, world.res.screen.policies, external)

        async def action(person: Person, *pictures: Picture) -> str:
            subject = Subject(
                kind="post", author_id=person.account_id, parts=(Part("text", "Good morning"),), pictures=pictures
            )
            return (await screen.admit(world.db, subject)).verdict.action

        model.answer = moderation()
        assert [await action(old), await action(new), await action(old, Picture())] == ["allow"] * 3
        model.status = 503
        assert [await action(old), await action(new), await action(old, Picture())] == ["allow", "hold", "hold"]
