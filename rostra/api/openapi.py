"""The OpenAPI 3.1 description, made from the declared routes. The tests hold every answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from rostra import __version__
from rostra.api.call import FOR_ALL
from rostra.api.route import NoForm, Route
from rostra.api.routes import ALL, all_routes
from rostra.entities.account import Account, CredentialAccount, MutedAccount
from rostra.entities.admin import AdminTrendingStatus
from rostra.entities.status import Status
from rostra.kit.forms import Upload

_REF = "#/components/schemas/{name}"


class Error(msgspec.Struct, frozen=True, kw_only=True):
    """What every refusal looks like."""

    error: str
    error_description: str | msgspec.UnsetType = msgspec.UNSET
    details: dict[str, list[dict[str, str]]] | msgspec.UnsetType = msgspec.UNSET


@cache
def describe(server: str) -> bytes:
    """The description as JSON, for a server at the address `server`."""
    routes = all_routes()
    kinds = _kinds(routes)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    components[Upload.__name__] = {"type": "string", "format": "binary", "description": "A file of a multipart form."}
    by_kind = {id(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    tags = {id(route): group.tag for group in ALL for route in group.routes}
    for route in routes:
        operation = _operation(route, by_kind, components, tags[id(route)])
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Rostra", "version": __version__, "summary": "The Mastodon-compatible client API"},
            "servers": [{"url": server}],
            "security": [{}, {"bearer": []}],
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def _kinds(routes: Sequence[Route]) -> list[Any]:
    kinds: dict[int, Any] = {}
    for route in routes:
        for kind in (route.form, route.returns_kind):
            if kind is not None:
                kinds[id(kind)] = kind
    for kind in (Error, Account, CredentialAccount, MutedAccount, Status, AdminTrendingStatus):
        kinds[id(kind)] = kind
    return list(kinds.values())


def _is_file(schema: dict[str, Any]) -> bool:
    choices: list[dict[str, Any]] = [schema, *schema.get("anyOf", ())]
    return any(choice.get("$ref") == _REF.format(name=Upload.__name__) for choice in choices)


def _resolve(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return components[reference.rpartition("/")[2]] if reference else schema


def _operation(
    route: Route, by_kind: dict[int, dict[str, Any]], components: dict[str, Any], tag: str
) -> dict[str, Any]:
    form = _resolve(by_kind[id(route.form)], components) if route.form is not NoForm else {}
    properties: dict[str, Any] = form.get("properties", {})
    required = set(form.get("required", ()))
    in_path = {segment.strip("@{}").removesuffix(":path") for segment in route.path.split("/") if "{" in segment}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": properties.get(name, {"type": "string"})}
        for name in sorted(in_path)
    ]
    rest = {name: schema for name, schema in properties.items() if name not in in_path}
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__name__}_{route.method.lower()}",
        "summary": route.summary,
        "tags": [tag],
        "responses": _responses(route, by_kind),
    }
    if route.method == "GET":
        parameters += [_query_parameter(name, schema, name in required) for name, schema in rest.items()]
    elif rest:
        body = {"type": "object", "properties": rest, "required": sorted(required - in_path)}
        uploads = any(_is_file(schema) for schema in rest.values())
        kinds = ["multipart/form-data"] if uploads else ["application/json"]
        operation["requestBody"] = {
            "required": bool(required - in_path),
            "content": {kind: {"schema": body} for kind in kinds},
        }
    operation["parameters"] = parameters
    if route.access not in FOR_ALL:
        operation["security"] = [{"bearer": []}]
    if route.scopes:
        operation["description"] = "Scope: " + " or ".join(route.scopes)
    if route.deprecated:
        operation["deprecated"] = True
    return operation


def _query_parameter(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    is_list = schema.get("type") == "array" or any(part.get("type") == "array" for part in schema.get("anyOf", ()))
    return {"name": f"{name}[]" if is_list else name, "in": "query", "required": required, "schema": schema}


def _responses(route: Route, by_kind: dict[int, dict[str, Any]]) -> dict[str, Any]:
    kind = route.returns_kind
    error = {"description": "Refused", "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}}}
    success: dict[str, Any] = {"description": route.summary or "OK"}
    if kind is not None:
        success["content"] = {"application/json": {"schema": by_kind[id(kind)]}}
    return {"2XX" if kind is None else "200": success, "4XX": error, "503": error}
