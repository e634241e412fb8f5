"""From nothing to a home timeline: an app signs somebody up, who posts and reads, with nothing but HTTP."""

from __future__ import annotations

import httpx

from tests.live.server import Server, wait_for


def test_an_app_signs_somebody_up_who_posts_and_reads_it_at_home(live: Server) -> None:
    with httpx.Client(base_url=live.url, timeout=20, trust_env=False) as http:
        app = http.post(
            "/api/v1/apps",
            data={"client_name": "First", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write"},
        ).json()
        client = {name: app[name] for name in ("client_id", "client_secret")}
        grant = {**client, "grant_type": "client_credentials", "scope": "read write"}
        of_app = http.post("/oauth/token", data=grant).json()["access_token"]
        wish = {
            "username": "newcomer", "email": "newcomer@example.com", "password": "a long enough password",
            "agreement": "true", "locale": "it",
        }  # fmt: skip
        answer = http.post("/api/v1/accounts", data=wish, headers={"authorization": f"Bearer {of_app}"})
        assert answer.status_code == 200, answer.text
        mine = {"authorization": f"Bearer {answer.json()['access_token']}"}

        me = http.get("/api/v1/accounts/verify_credentials", headers=mine).json()
        assert (me["username"], me["acct"], me["url"]) == ("newcomer", "newcomer", f"{live.url}/@newcomer")
        posted = http.post("/api/v1/statuses", data={"status": "Buongiorno!"}, headers=mine)
        assert posted.status_code == 200, posted.text

        def at_home() -> list[str]:
            return [status["id"] for status in http.get("/api/v1/timelines/home", headers=mine).json()]

        wait_for(lambda: at_home() == [posted.json()["id"]])
        # And whoever passes by can read it on the page and find it in the public timeline.
        page = http.get(f"/@newcomer/{posted.json()['id']}")
        assert page.status_code == 200
        assert "Buongiorno!" in page.text
        assert posted.json()["id"] in [status["id"] for status in http.get("/api/v1/timelines/public").json()]
        found = http.get("/.well-known/webfinger", params={"resource": f"acct:newcomer@{live.domain}"}).json()
        assert found["subject"] == f"acct:newcomer@{live.domain}"
