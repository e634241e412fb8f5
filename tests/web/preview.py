"""Serve every template with sample entities, so that one can look at the pages without a database.

`python -m tests.web.preview [PORT]` serves on loopback: `/` lists the pages, `?theme=dark` and `?language=it` change
them. Answers carry the real content security policy. Reads templates and styles again at every request, unless a test
brings the templates along.
"""

from __future__ import annotations

import mimetypes
import sys
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec

from rostra.web.render import STATIC_FOLDER, Views, content_security_policy, load_views, render
from tests.web.cases import all_cases
from tests.web.pictures import picture_svg


class Preview(BaseHTTPRequestHandler):
    """Answers GET only."""

    server: Server

    def do_GET(self) -> None:
        """A page by its case's name, a static file, or a made-up picture."""
        address = urlsplit(self.path)
        if address.path.startswith("/static/"):
            self._static(address.path.removeprefix("/static/"))
        elif address.path.startswith("/media/"):
            self._answer(200, "image/svg+xml", picture_svg(address.path).encode())
        elif address.path == "/sw.js":
            self._static("sw.js")
        elif "missing.png" in address.path:
            self._static("header-missing.png" if "headers" in address.path else "avatar-missing.png")
        elif address.path == "/":
            links = "".join(f'<li><a href="/{escape(name)}">{escape(name)}</a></li>' for name in all_cases())
            self._answer(200, "text/html", f"<ul>{links}</ul>".encode())
        else:
            self._page(address.path.strip("/"), parse_qs(address.query))

    def _page(self, name: str, options: dict[str, list[str]]) -> None:
        case = (self.server.cases or all_cases()).get(name)
        if case is None:
            self._answer(404, "text/plain", b"no such page")
            return
        changes = {key: options[key][0] for key in ("theme", "language") if key in options}
        views = self.server.views or load_views()
        html = render(views, msgspec.structs.replace(case.page, **changes), case.template, **case.values)
        self._answer(200, "text/html", html.encode())

    def _static(self, name: str) -> None:
        path = (STATIC_FOLDER / name).resolve()
        if not path.is_relative_to(STATIC_FOLDER) or not path.is_file():
            self._answer(404, "text/plain", b"no such file")
            return
        self._answer(200, mimetypes.guess_type(name)[0] or "application/octet-stream", path.read_bytes())

    def _answer(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", content_security_policy())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Bound to loopback."""

    def __init__(self, port: int, views: Views | None) -> None:
        super().__init__(("127.0.0.1", port), Preview)
        self.views = views
        # Together with templates that stay.
        self.cases = None if views is None else all_cases()


def serve(port: int, views: Views | None = None) -> Server:
    """A server with these templates, or with what they are at each request; the caller runs it."""
    return Server(port, views)


if __name__ == "__main__":
    chosen = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    print(f"http://127.0.0.1:{chosen}/")
    serve(chosen).serve_forever()
