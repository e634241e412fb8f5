"""The 47 traps of the client API in which compatible servers have been caught, and the test that keeps us out of each.

A test here, or in one of the files beside this one whose names begin like its own, names its trap in its docstring;
ELSEWHERE names the tests of the other traps, and FREE says why a trap does not lie in our way. The numbers are those of
the project's notes on the Mastodon client API.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from rostra.api.routes import all_routes
from tests.api.pictures import upload
from tests.api.tour import Tour, check_headers, make_tour, walk
from tests.world import Api, World

ELSEWHERE: Final = {
    1: ("api/test_statuses.py::test_ids_are_decimal_strings_that_sort_by_time_and_dates_have_milliseconds",),
    4: ("api/test_timelines.py::test_pages_follow_each_other_in_both_directions",),
    5: ("api/test_relationships.py::test_own_lists_of_accounts_page_by_row_ids_at_a_constant_cost",
        "api/test_security.py::test_the_links_to_other_pages_name_our_own_host_whatever_the_request_says"),
    8: ("api/test_instance.py::test_the_version_parses_as_the_strictest_client_parses_it",),
    10: ("api/test_wellknown.py::test_nodeinfo_is_found_and_says_what_clients_may_take_us_for",),
    12: ("api/test_instance.py::test_a_fresh_instance_says_all_that_clients_ask_for",
         "api/test_instance.py::test_the_old_description_is_there_and_says_that_it_is_old"),
    15: ("media/test_image.py::test_meta_has_the_form_that_clients_expect",),
    16: ("posts/test_hydrate.py::test_visitors_see_no_flags",),
    18: ("api/test_statuses.py::test_parameters_come_in_every_form_that_clients_use",
         "api/test_credentials.py::test_fields_come_in_every_spelling",
         "api/test_filters.py::test_a_filter_may_come_in_every_form",
         "api/test_push.py::test_a_form_in_brackets_is_understood",
         "api/test_lists.py::test_members_are_named_in_every_form_and_removed_by_body_or_query",
         "api/test_relationships.py::test_the_block_of_a_domain_is_lifted_by_body_or_query"),
    21: ("api/test_security.py::test_a_scope_that_was_not_granted_opens_nothing",
         "api/test_security.py::test_tokens_of_those_who_may_not_come_in_any_more_open_nothing"),
    22: ("api/test_sign_up.py::test_each_problem_is_named_by_field_and_code",),
    23: ("api/test_statuses.py::test_unexpected_mentions_are_named_before_anything_is_sent",),
    24: ("oauth/test_redirects.py::test_apps_may_register_every_kind_of_address",
         "api/test_security_browser.py::test_an_app_gets_codes_only_at_the_very_address_that_it_registered"),
    25: ("api/test_oauth.py::test_a_code_becomes_a_token_that_speaks_for_the_person",),
    26: ("api/test_statuses.py::test_the_same_key_gives_the_same_status_for_an_hour_and_to_one_account",
         "posts/test_concurrency.py::test_one_key_sent_by_many_at_once_makes_one_status",
         "live/test_crashes.py::test_kill_9_of_any_process_loses_no_acknowledged_post_and_repeats_none"),
    27: ("kit/test_ratelimit.py::test_requests_from_one_place_share_a_key",),
    28: ("api/test_security.py::test_apps_of_other_sites_may_read_the_api_without_cookies",
         "api/test_security.py::test_pages_are_closed_to_other_sites"),
    29: ("api/test_security.py::test_answers_to_somebody_are_kept_by_nobody_else",),
    30: ("api/test_trends.py::test_the_old_name_says_that_it_is_old",),
    31: ("api/test_media.py::test_an_upload_is_ready_when_it_is_answered",
         "api/test_media.py::test_an_upload_can_be_described_until_it_is_posted",
         "api/test_statuses.py::test_pictures_are_described_added_reordered_and_let_go_by_an_edit"),
    33: ("streaming/test_wire.py::test_one_connection_carries_many_streams",
         "streaming/test_hub.py::test_changed_filters_are_told_without_a_payload_and_hold_at_once",
         "streaming/test_hub.py::test_a_hashtag_stream_is_named_as_the_client_spelt_it"),
    34: ("streaming/test_wire.py::test_the_token_may_come_in_three_ways_and_a_protocol_is_echoed",),
    35: ("streaming/test_wire.py::test_event_streams_thump_while_there_is_nothing_to_say",
         "streaming/test_wire.py::test_a_revoked_token_ends_its_stream",
         "streaming/test_hub.py::test_revoking_and_signing_out_say_whose_streams_end"),
    36: ("api/test_streaming.py::test_the_address_itself_is_for_web_sockets_only",),
    39: ("api/test_statuses.py::test_acct_is_the_bare_name_for_those_who_live_here_and_has_the_domain_for_others",),
    40: ("text/test_format.py::test_a_mention_has_the_shape_that_clients_know",
         "text/test_format.py::test_a_hashtag_has_the_shape_that_clients_know",
         "text/test_format.py::test_a_link_is_shortened_for_the_eye_only"),
    41: ("api/test_statuses.py::test_deleting_answers_what_a_new_draft_needs_and_the_pictures_can_be_posted_again",
         "api/test_statuses.py::test_pictures_go_at_once_where_that_is_wanted"),
    43: ("api/test_relationships.py::test_relationships_answer_each_known_id_once_suspended_ones_only_if_asked",),
    44: ("api/test_search.py::test_visitors_may_neither_resolve_nor_page",
         "api/test_search.py::test_an_address_leads_to_what_it_names"),
    45: ("notifications/test_push.py::test_an_app_reads_what_happened",
         "notifications/test_push.py::test_old_clients_are_served_by_the_draft",
         "api/test_push.py::test_a_token_has_one_subscription_which_can_be_seen_changed_and_ended"),
    46: ("api/test_statuses.py::test_history_is_a_list_for_whoever_sees_the_status_and_for_nobody_else",
         "api/test_trends.py::test_the_old_name_says_that_it_is_old"),
}  # fmt: skip
FREE: Final = {
    3: "Posts of other servers come with federation.",
    7: "A home timeline is never regenerated: it is there from the first moment, and 206 is never said.",
    37: "Unknown types are for API versions that are not announced; every type that is sent, each client knows.",
    42: "Nothing is fetched in the background of a thread before federation.",
}


def test_every_trap_is_tested_or_does_not_lie_in_our_way() -> None:
    texts = [file.read_text() for file in Path(__file__).parent.glob("test_traps*.py")]
    said = re.findall(r'"""Trap ([\d, and]+)\.', "".join(texts))
    here = {int(number) for numbers in said for number in re.findall(r"\d+", numbers)}
    assert here | ELSEWHERE.keys() | FREE.keys() == set(range(1, 48))
    assert not FREE.keys() & (here | ELSEWHERE.keys())
    for place in (place for places in ELSEWHERE.values() for place in places):
        file, _, name = place.partition("::")
        assert f"def {name}(" in (Path(__file__).parent.parent / file).read_text(), place


@pytest.fixture
async def tour(world: World) -> Tour:
    return await make_tour(world)


# What every answer has


async def test_ids_are_strings_and_dates_have_one_form(tour: Tour) -> None:
    """Trap 1, 17 and 47."""
    moments = dates = ids = 0
    for path, answer in await tour.walk():
        for _, found in walk(answer.json()):
            for name, value in found.items():
                if value is None or path.startswith("/api/v1/apps") or name == "application_id":
                    continue
                if name == "id" or name.endswith("_id"):
                    assert isinstance(value, str), (path, name)
                    ids += 1
                elif name.endswith("_ids"):
                    assert all(isinstance(one, str) for one in value), (path, name)
                elif name == "last_status_at":
                    assert re.fullmatch(r"\d{4}-\d\d-\d\d", value), (path, value)
                    dates += 1
                elif name.endswith("_at"):
                    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value), (path, name, value)
                    moments += 1
                elif name in ("day", "week"):
                    assert re.fullmatch(r"\d{9,11}", value), (path, name, value)
                    dates += 1
    assert min(ids, moments, dates) > 20


# What makes an object the entity, and what of it Tusky or Mastodon for Android refuse to be without.
REQUIRED: Final = {
    "Status": (
        {"content", "visibility", "account"},
        {"id", "uri", "created_at", "account", "content", "visibility", "spoiler_text", "media_attachments", "mentions",
         "tags", "emojis", "reblogs_count", "favourites_count", "replies_count", "sensitive"},
    ),
    "Account": (
        {"acct", "note", "followers_count"},
        {"id", "username", "acct", "url", "display_name", "note", "avatar", "header", "created_at"},
    ),
    "Mention": ({"acct", "username"}, {"id", "username", "acct", "url"}),
    "Attachment": ({"blurhash", "preview_url"}, {"id", "type", "url", "meta"}),
    "Emoji": ({"shortcode"}, {"shortcode", "url", "static_url", "visible_in_picker"}),
    "Poll": ({"options", "multiple", "votes_count"}, {"id", "options", "emojis", "own_votes"}),
    "Card": ({"provider_name"}, {"url", "title", "description", "type"}),
    "Hashtag": ({"history", "name"}, {"name", "url"}),
    "Notification": ({"group_key"}, {"id", "type", "created_at"}),
    "FilterResult": ({"keyword_matches"}, {"filter"}),
    "Filter": ({"filter_action"}, {"id", "title", "context", "filter_action"}),
    "Marker": ({"last_read_id"}, {"last_read_id", "version", "updated_at"}),
    "Subscription": ({"server_key"}, {"id", "endpoint", "alerts", "server_key", "standard", "policy"}),
    "Context": ({"ancestors"}, {"ancestors", "descendants"}),
    "Instance": ({"domain", "api_versions"}, {"domain", "title", "version", "description", "languages",
                                            "registrations"}),
    "Instance v1": ({"uri", "stats"}, {"uri", "title", "version", "description", "languages", "configuration"}),
}  # fmt: skip


async def test_nothing_that_the_strictest_decoders_require_is_missing_or_null(tour: Tour) -> None:
    """Trap 13, 14 and 16."""
    met: set[str] = set()
    for path, answer in await tour.walk():
        for names, found in walk(answer.json()):
            for entity, (signs, required) in REQUIRED.items():
                if signs <= found.keys() and "params" not in names:
                    met.add(entity)
                    lacking = {name for name in required if found.get(name) is None}
                    assert not lacking, (path, names, entity, lacking)
            if names and names[-1] in ("tags", "roles", "role"):
                assert found["name"] is not None
            assert found.get("filtered", []) is not None, path
            if "acct" in found and "note" in found:
                for picture in ("avatar", "avatar_static", "header", "header_static"):
                    assert found[picture].startswith("http://"), (path, picture)
    assert met == REQUIRED.keys()


async def test_every_answer_is_json_that_says_what_may_still_be_asked(tour: Tour) -> None:
    """Trap 19, 27 and 29."""
    for path, answer in await tour.walk():
        check_headers(answer)
        assert "Authorization" in answer.headers["vary"], path
        kept = answer.headers["cache-control"]
        # What is the same for everybody may be kept.
        is_public = path in ("/api/v1/custom_emojis", "/api/v1/instance/activity") or "/transparency/" in path
        assert kept == "private, no-store" or is_public, path


async def test_what_is_done_is_answered_with_json_too(world: World) -> None:
    """Trap 19. An empty body would be no JSON."""
    alice, ben = await world.person("alice"), await world.person("ben")
    post = await alice.post("Hello")
    made = (await alice.api.post("/api/v1/lists", {"title": "List"})).json()
    acts = [
        ("POST", f"/api/v1/accounts/{ben.id}/follow"), ("POST", f"/api/v1/accounts/{ben.id}/block"),
        ("POST", f"/api/v1/lists/{made['id']}/accounts"), ("DELETE", f"/api/v1/lists/{made['id']}"),
        ("POST", "/api/v1/notifications/clear"), ("POST", "/api/v1/notifications/1/dismiss"),
        ("POST", "/api/v1/domain_blocks?domain=else.example"), ("DELETE", "/api/v1/domain_blocks?domain=else.example"),
        ("DELETE", "/api/v1/push/subscription"), ("POST", "/api/v1/markers"), ("DELETE", "/api/v1/profile/avatar"),
        ("DELETE", f"/api/v1/statuses/{post['id']}"), ("POST", "/oauth/revoke"), ("POST", "/api/v1/nothing"),
    ]  # fmt: skip
    for method, path in acts:
        answer = await alice.api.request(method, path, expect=None)
        assert answer.headers["content-type"].startswith("application/json"), path
        assert isinstance(answer.json(), dict), path


async def test_what_is_old_says_since_when_and_nothing_else_does(tour: Tour) -> None:
    """Trap 30."""
    old = {
        path for path, answer in await tour.walk() if re.fullmatch(r"@\d{10}", answer.headers.get("deprecation", ""))
    }
    assert old == {"/api/v1/instance", "/api/v1/filters", "/api/v1/filters/{id}", "/api/v1/trends"}


# What is not there, and what is refused

LATER = (
    ("GET", "/api/v2/notifications"), ("GET", "/api/v2/notifications/unread_count"),
    ("GET", "/api/v2/notifications/policy"), ("GET", "/api/v1/notifications/requests"),
    ("POST", "/api/v1/conversations/1/read"), ("GET", "/api/v1/announcements"), ("GET", "/api/v1/suggestions"),
    ("DELETE", "/api/v1/suggestions/1"), ("GET", "/api/v1/timelines/link?url=https://x.example"),
    ("GET", "/api/v1/timelines/direct"), ("GET", "/api/v1/profile"), ("PATCH", "/api/v1/profile"),
    ("GET", "/api/v1/endorsements"), ("GET", "/api/v1/accounts/1/endorsements"), ("GET", "/api/v1/directory"),
    ("POST", "/api/v1/statuses/1/translate"), ("GET", "/api/v1/statuses/1/quotes"), ("GET", "/api/v1/featured_tags"),
    ("PUT", "/api/v1/statuses/1/interaction_policy"), ("GET", "/api/v1/donation_campaigns"),
    ("GET", "/api/v1_alpha/async_refreshes/1"), ("GET", "/api/v1/annual_reports"),
    ("GET", "/api/v1/instance/terms_of_service"), ("GET", "/api/oembed"), ("GET", "/api/v3/anything"),
    # The address is there, for other methods.
    ("POST", "/api/v1/timelines/home"), ("PUT", "/api/v1/lists"), ("GET", "/api/v1/statuses/1/favourite"),
)  # fmt: skip


async def test_what_is_not_there_is_not_found_and_nothing_else(world: World) -> None:
    """Trap 11. On any other code some clients do not fall back to what is there."""
    alice = await world.person("alice")
    for method, path in LATER:
        answer = await alice.api.request(method, path, expect=404)
        assert answer.json() == {"error": "Record not found"}, path
        check_headers(answer)


async def test_no_more_is_announced_than_is_there(world: World) -> None:
    """Trap 9. Each number of `api_versions` promises something, by which clients choose what they call."""
    said = (await world.anyone.get("/api/v2/instance")).json()
    assert said["api_versions"]["mastodon"] == 1
    assert tuple(map(int, said["version"].split(" ")[0].split("."))) < (4, 4)
    await (await world.person("alice")).api.get("/api/v2/notifications", expect=404)


async def test_no_client_offers_to_translate(world: World) -> None:
    """Trap 8. Where version 1 does not say, toot goes by the version's first digit."""
    for version in ("v1", "v2"):
        said = (await world.anyone.get(f"/api/{version}/instance")).json()
        assert said["configuration"]["translation"] == {"enabled": False}


def test_whatever_can_be_put_can_be_patched() -> None:
    """Trap 20."""
    paths = {method: {route.path for route in all_routes() if route.method == method} for method in ("PUT", "PATCH")}
    assert paths["PUT"] == paths["PATCH"]
    assert len(paths["PUT"]) > 5


async def test_refusals_have_the_codes_and_the_words_that_clients_know(world: World) -> None:
    """Trap 21."""
    alice = await world.person("alice")
    await world.token_for(None, "app", "read write")
    app, stale = Api(world, "app"), Api(world, "stale")
    post = await alice.post("Hello")
    refused = {
        (401, "The access token is invalid"): [
            world.anyone.get("/api/v1/timelines/home", expect=None), stale.get("/api/v1/timelines/public", expect=None),
            stale.post("/api/v1/statuses", {"status": "x"}, expect=None),
        ],
        (422, "This method requires an authenticated user"): [
            app.get("/api/v1/timelines/home", expect=None), app.post("/api/v1/statuses", {"status": "x"}, expect=None),
        ],
        (404, "Record not found"): [
            alice.api.get("/api/v1/statuses/1", expect=None), alice.api.get("/api/v1/accounts/1", expect=None),
            alice.api.post("/api/v1/statuses/1/favourite", expect=None), alice.api.get("/api/v1/lists/x", expect=None),
        ],
        (400, "The parameter title is missing"): [alice.api.post("/api/v1/lists", expect=None)],
        (422, "Validation failed: text can't be blank"): [alice.api.post("/api/v1/statuses", {}, expect=None)],
    }  # fmt: skip
    for (code, words), answers in refused.items():
        for waiting in answers:
            answer = await waiting
            assert (answer.status_code, answer.json()["error"]) == (code, words), answer.url
            check_headers(answer)
    assert (await world.anyone.get(f"/api/v1/statuses/{post['id']}")).json()["id"] == post["id"]


async def test_a_token_that_was_taken_back_is_still_told_what_the_instance_is(world: World) -> None:
    """Apps ask for this before all else, and otherwise know nothing of a server that wants them to sign in anew."""
    stale = Api(world, "stale")
    for path in ("/api/v1/instance", "/api/v2/instance", "/api/v1/custom_emojis"):
        assert (await stale.get(path)).json() == (await world.anyone.get(path)).json()
    await stale.get("/api/v1/trends/tags", expect=401)


async def test_a_login_that_cannot_be_used_is_forbidden_in_words(world: World) -> None:
    """Trap 21."""
    states = {
        "confirmed_at = null": "Your login is missing a confirmed e-mail address",
        "approved_at = null": "Your login is currently pending approval",
        "disabled_at = created_at": "Your login is currently disabled",
    }
    for number, (state, words) in enumerate(states.items()):
        person = await world.person(f"person{number}")
        await world.db.connection.execute(f"update users set {state} where account_id = $1", person.account_id)
        answer = await person.api.get("/api/v1/timelines/home", expect=403)
        assert answer.json() == {"error": words}


# What things look like


async def test_the_html_of_a_post_is_what_clients_take_apart(world: World) -> None:
    """Trap 40."""
    alice = await world.person("alice")
    await world.person("ben")
    await world.db.connection.execute(
        "insert into custom_emojis (id, shortcode, image_key, static_key, created_at) values (1, 'wave', 'x', 'x', $1)",
        world.clock.now(),
    )
    post = await alice.post("@ben :wave: #Cats https://www.example.com/a/long/way/to/go/until/it/ends")
    assert post["content"] == (
        '<p><span class="h-card" translate="no"><a href="http://localhost:3000/@ben" class="u-url mention">'
        "@<span>ben</span></a></span> :wave: "
        '<a href="http://localhost:3000/tags/cats" class="mention hashtag" rel="tag">#<span>Cats</span></a> '
        '<a href="https://www.example.com/a/long/way/to/go/until/it/ends" rel="nofollow noopener noreferrer"'
        ' target="_blank" translate="no"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">example.com/a/long/way/to/go/u</span>'
        '<span class="invisible">ntil/it/ends</span></a></p>'
    )
    assert [emoji["shortcode"] for emoji in post["emojis"]] == ["wave"]


async def test_a_direct_post_comes_home_and_every_visibility_is_one_of_four(world: World) -> None:
    """Trap 38. There is no other place for messages, and a fifth value would break decoders."""
    alice, ben = await world.person("alice"), await world.person("ben")
    await ben.follow(alice)
    await world.settle()
    for visibility in ("public", "unlisted", "private", "direct"):
        await alice.post(f"@ben {visibility}", visibility=visibility)
    await world.settle()
    for person in (alice, ben):
        shown = (await person.api.get("/api/v1/timelines/home")).json()
        assert [post["visibility"] for post in shown] == ["direct", "private", "unlisted", "public"]


async def test_a_focus_is_two_numbers_with_a_comma(world: World) -> None:
    """Trap 32."""
    alice = await world.person("alice")
    picture = await upload(alice, focus="-0.5,0.25")
    assert picture["meta"]["focus"] == {"x": -0.5, "y": 0.25}
    changed = await alice.api.put(f"/api/v1/media/{picture['id']}", {"focus": "1.0,-1.0"})
    assert changed.json()["meta"]["focus"] == {"x": 1.0, "y": -1.0}


async def test_a_post_that_was_never_changed_has_a_history_of_one(world: World) -> None:
    """Trap 46. On 404 the official app says "loading" for ever."""
    alice = await world.person("alice")
    post = await alice.post("Hello")
    history = (await world.anyone.get(f"/api/v1/statuses/{post['id']}/history")).json()
    assert [version["content"] for version in history] == ["<p>Hello</p>"]


async def test_the_key_for_pushes_stands_at_both_places(world: World) -> None:
    """Trap 45."""
    form = {"client_name": "App", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
    app = (await world.anyone.post("/api/v1/apps", form)).json()
    said = (await world.anyone.get("/api/v2/instance")).json()
    assert app["vapid_key"] == said["configuration"]["vapid"]["public_key"]
    alice = await world.person("alice")
    await alice.api.get("/api/v1/push/subscription", expect=404)
