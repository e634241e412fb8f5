"""What processes load, and what they look through for garbage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run(script: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_what_was_loaded_is_never_looked_through_again() -> None:
    said = run(
        "import gc; from rostra.kit.memory import begin_loading, settle\n"
        "begin_loading(); loading = gc.isenabled(); kept = [[] for _ in range(5000)]; settle()\n"
        "print(loading, gc.isenabled(), gc.get_freeze_count() > 5000, len(gc.get_objects()) < 1000)"
    )
    assert said == "False True True True"


def test_a_server_has_no_library_for_pictures_and_for_their_store_in_memory_before_the_first_picture(
    tmp_path: Path,
) -> None:
    said = run(
        "import sys; from rostra.asgi import warm; warm(); from rostra.worker import run\n"
        f"from rostra.kit.objectstore import open_store; open_store({str(tmp_path)!r})\n"
        "print([name for name in ('pyvips', 'cffi', 'obstore', 'numpy.random') if name in sys.modules])"
    )
    assert said == "[]"


def test_the_supervisor_loads_no_library_that_only_its_children_need() -> None:
    said = run(
        "import sys; import rostra.cli.up\n"
        "heavy = ('asyncio', 'asyncpg', 'cryptography', 'hashlib', 'numpy', 'pyrage', 'regex', 'ssl')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert said == "[]"


def test_a_worker_has_nothing_in_memory_that_judging_takes_before_it_judges() -> None:
    said = run(
        "import sys; import rostra.worker\n"
        "heavy = ('numpy', 'cel_expr_python', 'ahocorasick_rs', 're2', 'rostra.detect.cascade')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert said == "[]"
