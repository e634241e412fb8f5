"""Mastodon.py drives the whole admin API of a running server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError

from tests.live.server import Person, Server, wait_for

SCOPES = "read write follow admin:read admin:write"
# The client asks /api/v1/instance for the version, which carries a Deprecation header here as it does on Mastodon.
pytestmark = pytest.mark.filterwarnings("ignore::mastodon.errors.MastodonDeprecationWarning")


@pytest.fixture(scope="module")
def staff(house: Server) -> Mastodon:
    house.person("olga", role="owner")
    return client_of(house, token_for(house, "olga"))


@pytest.fixture(scope="module")
def anna(house: Server) -> Person:
    return house.person("anna")


@pytest.fixture(scope="module")
def bert(house: Server) -> Person:
    return house.person("bert")


def token_for(house: Server, username: str) -> str:
    return json.loads(house.run("account", "token", username, "--scopes", SCOPES))["access_token"]


def client_of(house: Server, token: str) -> Mastodon:
    return Mastodon(access_token=token, api_base_url=house.url, version_check_mode="none")


def test_accounts_are_found_and_acted_on(staff: Mastodon, anna: Person, bert: Person) -> None:
    assert {row.username for row in staff.admin_accounts_v2(origin="local", status="active")} >= {"anna", "bert"}
    assert [row.username for row in staff.admin_accounts_v2(permissions="staff")] == ["olga"]
    # The client does not take this for the list that it is.
    assert [row["username"] for row in staff.admin_accounts_v1(username="ann")] == ["anna"]
    assert [row.username for row in staff.admin_accounts_v2(email="anna@")] == ["anna"]
    assert staff.admin_accounts_v2(email="anna@", ip="203.0.113.1") == []
    shown = staff.admin_account(anna.id)
    assert (shown.email, shown.confirmed, shown.approved, shown.role.id) == ("anna@example.com", True, True, "-99")
    assert shown.account.acct == "anna"

    staff.admin_account_moderate(anna.id, text="Mind your words")
    staff.admin_account_moderate(anna.id, "sensitive", text="Cover it")
    assert staff.admin_account(anna.id).sensitized
    assert not staff.admin_account_unsensitive(anna.id).sensitized
    staff.admin_account_moderate(anna.id, "silence", send_email_notification=False)
    assert staff.admin_account(anna.id).silenced
    assert not staff.admin_account_unsilence(anna.id).silenced
    staff.admin_account_moderate(anna.id, "suspend")
    assert staff.admin_account(anna.id).suspended
    assert [row.username for row in staff.admin_accounts_v2(status="suspended")] == ["anna"]
    assert not staff.admin_account_unsuspend(anna.id).suspended


def test_a_login_is_disabled_and_enabled_and_an_account_is_deleted(house: Server, staff: Mastodon) -> None:
    carl = house.person("carl")
    with pytest.raises(MastodonAPIError):
        staff.admin_account_delete(carl.id)
    staff.admin_account_moderate(carl.id, "disable")
    assert staff.admin_account(carl.id).disabled
    assert not staff.admin_account_enable(carl.id).disabled
    staff.admin_account_moderate(carl.id, "suspend")
    staff.admin_account_delete(carl.id)

    def is_gone() -> bool:
        try:
            staff.admin_account(carl.id)
        except MastodonNotFoundError:
            return True
        return False

    wait_for(is_gone)


def test_a_report_goes_its_way(staff: Mastodon, anna: Person, bert: Person) -> None:
    post = anna.post("Buy now")
    answer = bert.http.post("/api/v1/reports", json={"account_id": anna.id, "status_ids": [post["id"]]})
    report_id = answer.json()["id"]
    assert str(report_id) in {str(row.id) for row in staff.admin_reports()}
    shown = staff.admin_report(report_id)
    assert (shown.account.username, shown.target_account.username) == ("bert", "anna")
    assert [str(status.id) for status in shown.statuses] == [post["id"]]
    assert staff.admin_report_assign(report_id).assigned_account.username == "olga"
    assert staff.admin_report_unassign(report_id).assigned_account is None
    assert staff.admin_report_resolve(report_id).action_taken
    assert str(report_id) in {str(row.id) for row in staff.admin_reports(resolved=True, target_account_id=anna.id)}
    assert not staff.admin_report_reopen(report_id).action_taken
    staff.admin_account_moderate(anna.id, "silence", report_id=report_id)
    assert staff.admin_report(report_id).action_taken_by_account.username == "olga"
    staff.admin_account_unsilence(anna.id)


def test_servers_are_blocked_and_let_in(house: Server, staff: Mastodon) -> None:
    made = staff.admin_create_domain_block("Bad.example", severity="suspend", public_comment="Spam", obfuscate=True)
    assert (made.domain, made.severity, made.obfuscate) == ("bad.example", "suspend", True)
    assert staff.admin_update_domain_block(made.id, severity="silence", reject_media=True).reject_media
    assert staff.admin_domain_blocks(id=made.id).severity == "silence"
    assert [row.domain for row in staff.admin_domain_blocks()] == ["bad.example"]
    assert [row.domain for row in staff.instance_domain_blocks()] == ["ba*.*****le"]
    staff.admin_delete_domain_block(made.id)
    assert staff.admin_domain_blocks() == []
    friend = staff.admin_create_domain_allow("friend.example")
    assert staff.admin_domain_allow(friend.id).domain == "friend.example"
    assert [row.id for row in staff.admin_domain_allows()] == [friend.id]
    staff.admin_delete_domain_allow(friend.id)
    assert staff.admin_domain_allows() == []


def test_providers_and_addresses_are_blocked(staff: Mastodon) -> None:
    made = staff.admin_create_email_domain_block("spam.example")
    assert staff.admin_email_domain_block(made.id).domain == "spam.example"
    assert [len(row.history) for row in staff.admin_email_domain_blocks()] == [7]
    staff.admin_delete_email_domain_block(made.id)
    assert staff.admin_email_domain_blocks() == []
    address = staff.admin_create_canonical_email_block(email="jane.doe+x@mail.example")
    found = staff.admin_test_canonical_email_block("janedoe@mail.example")
    assert [row.canonical_email_hash for row in found] == [address.canonical_email_hash]
    assert staff.admin_canonical_email_block(address.id).id == address.id
    assert len(staff.admin_canonical_email_blocks()) == 1
    staff.admin_delete_canonical_email_block(address.id)
    assert staff.admin_test_canonical_email_block("janedoe@mail.example") == []


def test_a_shut_network_is_shut_in_every_process_within_seconds(house: Server, staff: Mastodon) -> None:
    made = staff.admin_create_ip_block("203.0.113.9/24", "no_access", comment="Scrapers", expires_in=3600)
    assert (made.ip, made.severity) == ("203.0.113.0/24", "no_access")
    assert made.expires_at > datetime.now(UTC)

    def is_refused() -> bool:
        # The server trusts what a proxy on this machine says.
        answers = [
            httpx.get(f"{house.url}/api/v2/instance", headers={"x-forwarded-for": "203.0.113.77"}, trust_env=False)
            for _ in range(8)
        ]
        return all(answer.status_code == 403 for answer in answers)

    wait_for(is_refused)
    assert staff.admin_update_ip_block(made.id, severity="sign_up_block").severity == "sign_up_block"
    wait_for(lambda: not is_refused())
    assert staff.admin_ip_block(made.id).comment == "Scrapers"
    assert len(staff.admin_ip_blocks()) == 1
    staff.admin_delete_ip_block(made.id)
    assert staff.admin_ip_blocks() == []


def test_the_server_is_measured(staff: Mastodon, anna: Person) -> None:
    anna.post("Counting #sheep")
    end = datetime.now(UTC)
    start = end - timedelta(days=2)
    tag = staff.search_v2("#sheep").hashtags[0]
    found = staff.admin_measures(
        start, end, active_users=True, new_users=True, interactions=True, opened_reports=True, resolved_reports=True,
        tag_accounts=tag.id, tag_uses=tag.id, tag_servers=tag.id, instance_accounts="else.example",
        instance_media_attachments="else.example", instance_reports="else.example", instance_statuses="else.example",
        instance_follows="else.example", instance_followers="else.example",
    )  # fmt: skip
    numbers = {row.key: int(row.total) for row in found}
    assert len(numbers) == 14
    assert numbers["active_users"] >= 1
    assert numbers["new_users"] >= 2
    assert (numbers["tag_accounts"], numbers["tag_uses"]) == (1, 1)
    assert [len(row.data) for row in found] == [3] * 14
    rankings = staff.admin_dimensions(
        start, end, limit=3, languages=True, sources=True, servers=True, space_usage=True, software_versions=True,
        tag_servers=tag.id, tag_languages=tag.id, instance_accounts="else.example", instance_languages="else.example",
    )  # fmt: skip
    assert len(rankings) == 9
    cohorts = staff.admin_retention(start, end)
    assert [len(row.data) for row in cohorts] == [3, 2, 1]


def test_trends_are_looked_through(staff: Mastodon, anna: Person) -> None:
    assert staff.admin_trending_tags() == []
    assert staff.admin_trending_statuses() == []
    assert staff.admin_trending_links() == []
    post = anna.post("Tender #kittens")
    tag = staff.search_v2("#kittens").hashtags[0]
    assert staff.admin_reject_trending_tag(tag.id).trendable is False
    assert staff.admin_approve_trending_tag(tag.id).trendable is True
    assert staff.admin_reject_trending_status(post["id"]).requires_review is False
    assert staff.admin_approve_trending_status(post["id"]).requires_review is False
    for act in (staff.admin_approve_trending_link, staff.admin_reject_trending_link):
        with pytest.raises(MastodonNotFoundError):
            act(1)


def test_who_has_only_the_scopes_may_nothing(house: Server, bert: Person) -> None:
    client = client_of(house, token_for(house, "bert"))
    for call in (client.admin_accounts_v2, client.admin_reports, client.admin_domain_blocks, client.admin_ip_blocks,
                 client.admin_trending_tags, client.admin_email_domain_blocks):  # fmt: skip
        with pytest.raises((MastodonAPIError, MastodonUnauthorizedError), match="403"):
            call()
