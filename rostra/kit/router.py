"""A path → endpoint table that costs the same for three routes and for three hundred.

Starlette tries its routes one by one; with a few hundred of them that was a fifth of a small request. A tree of path
segments answers in as many dictionary look-ups as the path has segments.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("children", "endpoints", "param", "rest")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.param: tuple[str, _Node[T]] | None = None
        self.rest: tuple[str, _Node[T]] | None = None
        self.endpoints: dict[str, T] = {}


class Router(Generic[T]):
    """Routes by method and path; `{name}` matches one segment, `{name:path}` the whole rest, `@{name}` after the sign.

    A literal segment wins over a parameter, as in `/accounts/lookup` beside `/accounts/{id}`.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, endpoint: T) -> None:
        """Register `endpoint`. Raises ValueError where the place is taken."""
        node = self._root
        for segment in path.strip("/").split("/"):
            node = self._child(node, segment)
        if method in node.endpoints:
            raise ValueError(f"{method} {path} is registered twice")
        node.endpoints[method] = endpoint

    @staticmethod
    def _child(node: _Node[T], segment: str) -> _Node[T]:
        prefix = "@" if segment.startswith("@{") else ""
        bare = segment.removeprefix("@") if prefix else segment
        if not bare.startswith("{"):
            return node.children.setdefault(segment, _Node())
        name = bare.strip("{}")
        if prefix:
            holder = node.children.setdefault("@", _Node())
            holder.param = holder.param or (name, _Node())
            return holder.param[1]
        if name.endswith(":path"):
            node.rest = node.rest or (name.removesuffix(":path"), _Node())
            return node.rest[1]
        node.param = node.param or (name, _Node())
        if node.param[0] != name:
            raise ValueError(f"{{{name}}} stands where another route says {{{node.param[0]}}}")
        return node.param[1]

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The endpoint for a request and its path parameters (already unquoted by the server), or None."""
        segments = path.strip("/").split("/")
        params: dict[str, str] = {}
        node = self._walk(self._root, segments, 0, params)
        if node is None:
            return None
        endpoint = node.endpoints.get(method) or (node.endpoints.get("GET") if method == "HEAD" else None)
        return None if endpoint is None else (endpoint, params)

    def _walk(self, node: _Node[T], segments: list[str], at: int, params: dict[str, str]) -> _Node[T] | None:
        if at == len(segments):
            return node if node.endpoints else None
        segment = segments[at]
        if segment in node.children and segment != "@":
            found = self._walk(node.children[segment], segments, at + 1, params)
            if found is not None:
                return found
        if segment.startswith("@") and len(segment) > 1 and "@" in node.children:
            holder = node.children["@"].param
            found = holder and self._walk(holder[1], segments, at + 1, params)
            if holder and found:
                params[holder[0]] = segment[1:]
                return found
        if node.param is not None and segment:
            found = self._walk(node.param[1], segments, at + 1, params)
            if found is not None:
                params[node.param[0]] = segment
                return found
        if node.rest is not None:
            params[node.rest[0]] = "/".join(segments[at:])
            return node.rest[1]
        return None
