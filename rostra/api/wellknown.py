"""What other programs look for at fixed places: NodeInfo, WebFinger, host-meta, the metadata of the authorization."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.responses import Response

from rostra.accounts.find import get_local_profile
from rostra.accounts.records import Profile
from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.entities.instance import Link, Links, NodeInfo, Resource
from rostra.entities.oauth import AuthorizationServer
from rostra.instance.describe import render_node
from rostra.kit.errors import BadRequest, NotFound
from rostra.oauth.scopes import ALL_SCOPES

routes = Routes("discovery")

_NODEINFO: Final = "http://nodeinfo.diaspora.software/ns/schema/"
_JRD: Final = "application/jrd+json; charset=utf-8"
_XRD: Final = "application/xrd+xml; charset=utf-8"
_CACHED: Final = ("cache-control", "public, max-age=259200")
_NAME: Final = re.compile(r"[A-Za-z0-9_]+([A-Za-z0-9_.-]+[A-Za-z0-9_]+)?")


class WebFingerForm(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7033, 4.1."""

    resource: str = ""
    rel: list[str] = []


@routes.get("/.well-known/nodeinfo", access="open")
async def list_nodeinfo(call: Call) -> Links | Answer:
    """Where the descriptions of the software are."""
    links = [
        Link(rel=f"{_NODEINFO}{version}", href=f"{call.res.urls.base}/nodeinfo/{version}") for version in ("2.0", "2.1")
    ]
    return Answer(Links(links=links), headers=(_CACHED,))


@routes.get("/nodeinfo/2.0", access="open")
async def show_nodeinfo_20(call: Call) -> NodeInfo | Answer:
    """The software and its numbers."""
    return await _nodeinfo(call, "2.0")


@routes.get("/nodeinfo/2.1", access="open")
async def show_nodeinfo_21(call: Call) -> NodeInfo | Answer:
    """The same with the address of the source code."""
    return await _nodeinfo(call, "2.1")


async def _nodeinfo(call: Call, version: str) -> Answer:
    kind = f'application/json; profile="{_NODEINFO}{version}#"'
    node = render_node(await call.res.instance.facts(call.res.db), version)
    return Answer(node, headers=(("content-type", kind), ("cache-control", "public, max-age=1800")))


@routes.get("/.well-known/webfinger", access="open")
async def webfinger(call: Call, form: WebFingerForm) -> Resource | Answer:
    """The account behind a handle or an address."""
    if not form.resource:
        raise BadRequest("The parameter resource is missing")
    name = _local_name(call, form.resource)
    profile = await get_local_profile(call.res.db, name)
    found = _describe(profile, call)
    if form.rel:
        found = msgspec.structs.replace(found, links=[link for link in found.links if link.rel in form.rel])
    return Answer(found, headers=(("content-type", _JRD), _CACHED))


def _local_name(call: Call, resource: str) -> str:
    """The user name in `acct:name@domain`, `name@domain`, or the address of a profile. Raises BadRequest for what is no
    resource, NotFound for other servers'."""
    urls = call.res.urls
    handle = resource.removeprefix("acct:").removeprefix("@")
    if "://" in resource:
        try:
            parts = urlsplit(resource)
        except ValueError:
            raise BadRequest("The resource cannot be read") from None
        if f"{parts.scheme}://{parts.netloc}".lower() != urls.base:
            raise NotFound
        found = re.fullmatch(r"/(?:@|users/)([^/]+)/?", parts.path)
        if found is None:
            raise NotFound
        handle = f"{found[1]}@{urls.domain}"
    name, at, domain = handle.rpartition("@")
    if not at or not _NAME.fullmatch(name):
        raise BadRequest("The resource must be acct:name@domain")
    if domain.lower() != urls.domain:
        raise NotFound
    return name


def _describe(profile: Profile, call: Call) -> Resource:
    return Resource(
        subject=f"acct:{profile.username}@{call.res.urls.domain}",
        aliases=[profile.url, profile.uri],
        links=[
            Link(rel="http://webfinger.net/rel/profile-page", type="text/html", href=profile.url),
            Link(rel="self", type="application/activity+json", href=profile.uri),
        ],
    )


@routes.get("/.well-known/host-meta", access="open")
async def host_meta(call: Call) -> Links | Answer | Response:
    """Where WebFinger is (RFC 6415); XML unless JSON is asked for."""
    template = f"{call.res.urls.base}/.well-known/webfinger?resource={{uri}}"
    if "json" in call.request.headers.get("accept", ""):
        link = Link(rel="lrdd", template=template)
        return Answer(Links(links=[link]), headers=(("content-type", _JRD), _CACHED))
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" template="{template}"/>\n'
        "</XRD>\n"
    )
    return Response(xml, headers={"content-type": _XRD})


@routes.get("/.well-known/oauth-authorization-server", access="open")
async def authorization_server(call: Call) -> AuthorizationServer | Answer:
    """What the authorization server can do (RFC 8414)."""
    base = call.res.urls.base
    described = AuthorizationServer(
        issuer=f"{base}/",
        authorization_endpoint=f"{base}/oauth/authorize",
        token_endpoint=f"{base}/oauth/token",
        revocation_endpoint=f"{base}/oauth/revoke",
        userinfo_endpoint=f"{base}/oauth/userinfo",
        app_registration_endpoint=f"{base}/api/v1/apps",
        service_documentation="https://docs.joinmastodon.org/",
        scopes_supported=list(ALL_SCOPES),
        response_types_supported=["code"],
        response_modes_supported=["query"],
        grant_types_supported=["authorization_code", "client_credentials"],
        token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
        code_challenge_methods_supported=["S256"],
    )
    return Answer(described, headers=(("cache-control", "public, max-age=1800"),))


@routes.get("/.well-known/change-password", access="open")
async def change_password(call: Call) -> Response:  # noqa: ARG001 - the same for everybody
    """Where password managers find the way to change one (W3C, A Well-Known URL for Changing Passwords)."""
    return Response(status_code=302, headers={"location": "/auth/edit"})
