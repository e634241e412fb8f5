"""What stands in deploy/cluster: the template of a node is whole, and the rehearsal can be started."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "deploy/cluster"
NAMES = re.compile(r"\$\{([A-Z_]+)\}")


def filled() -> dict[str, Any]:
    template = (CLUSTER / "patroni.yml").read_text()
    return yaml.safe_load(Template(template).substitute({name: f"1-{name}" for name in NAMES.findall(template)}))


def test_the_template_of_a_node_says_what_keeps_acknowledged_posts() -> None:
    node = filled()
    dcs = node["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] is True
    assert dcs["ttl"] >= dcs["loop_wait"] + 2 * dcs["retry_timeout"]
    assert node["postgresql"]["data_dir"] == "1-DATA_DIR"
    assert {each.split()[-1] for each in node["postgresql"]["pg_hba"]} == {"scram-sha-256"}
    assert "synchronous_commit" not in node["postgresql"]["parameters"], "is each process's own choice"


def test_the_guide_explains_every_name_of_the_template() -> None:
    guide = (ROOT / "docs/cluster.md").read_text()
    names = set(NAMES.findall((CLUSTER / "patroni.yml").read_text()))
    assert not [name for name in names if name not in guide]


def test_the_rehearsal_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, CLUSTER / "rehearse.py", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    for word in ("lost", "frozen", "switchover", "--json"):
        assert word in done.stdout
