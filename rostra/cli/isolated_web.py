"""The web process of a drill: `python -m rostra.cli.isolated_web`, on a socket that it inherits.

It is cut off from the world before anything else is imported, and says by whom on its first line.
"""

from __future__ import annotations

import os
import socket
import sys

from rostra.kit.isolation import isolate

LISTEN_FD = "ROSTRA_LISTEN_FD"


def main() -> None:
    """Serve until SIGTERM."""
    print(f"isolated by the {isolate()}", flush=True)
    os.umask(0o077)

    from rostra.asgi import create_app
    from rostra.kit.log import set_up_logging
    from rostra.kit.serve import serve

    set_up_logging(level="warning", as_json=False)
    listener = socket.socket(fileno=int(os.environ[LISTEN_FD]))
    app = create_app()
    # Python's own loop: connections of another one would be hidden from the guard.
    good = serve(app, listener, trusted_proxies=(), on_ready=lambda: None, on_ending=app.end_streams, loop="asyncio")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
