"""How a run with several processes shares the tests out: a file stays in one process, files that need the same server
stay together, and what starts whole servers or browsers comes first, so that a run ends with small pieces."""

from __future__ import annotations

import os
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

# What is expensive to make is a fixture of the session; a second process would make it again.
_TOGETHER: Final = {
    "tests/live/test_from_nothing.py": "live",
    "tests/live/test_masto_js.py": "live",
    "tests/live/test_mastodon_py.py": "live",
    "tests/live/test_secrets.py": "live",
    "tests/live/test_admin_py.py": "house",
    "tests/live/test_levers_live.py": "house",
    "tests/continuity/test_restore_broken.py": "lost",
    "tests/continuity/test_restore_command.py": "lost",
    "tests/continuity/test_restore_targets.py": "lost",
    "tests/continuity/test_restore_whole.py": "lost",
    "tests/api/test_every_endpoint_answers.py": "made up",
    "tests/api/admin/test_every_endpoint.py": "made up",
}
# Ten seconds and more each, the longest first; many wait for processes, during which another process of the run can
# compute.
_LONG: Final = (
    "tests/web/test_browser.py",
    "tests/live/",
    "tests/api/test_every_endpoint_answers.py",
    "tests/api/admin/test_every_endpoint.py",
    "tests/continuity/",
    "tests/simulate/test_crisis.py",
    "tests/cli/test_up.py",
    "tests/api/test_nobody_sees.py",
    "tests/api/test_pages_bad_input.py",
    "tests/kit/test_postgres",
    "tests/demo/",
    "tests/detect/test_phrase_needs.py",
    "tests/training/",
    "tests/web/test_",
)


class _ByFile(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return _TOGETHER.get(file, file)

    def _pending_of(self, workload: dict[str, dict[str, bool]]) -> int:
        # It is asked after every test, and files that are done would be counted again and again.
        for scope in [scope for scope, tests in workload.items() if all(tests.values())]:
            del workload[scope]
        return super()._pending_of(workload)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process more than there are cores: many tests wait for servers and browsers that they started."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    if config.getvalue("dist") != "loadfile":
        return None
    # Else it would put the files with the most tests first, which are the quick ones.
    config.option.loadscopereorder = False
    return _ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, path in enumerate(_LONG) if item.nodeid.startswith(path)), len(_LONG))
