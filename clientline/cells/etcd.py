"""Who of etcd leads, asked and told as part_leaders.py of the machines does."""

import json
from contextlib import suppress
from typing import Any
from urllib.request import urlopen

from clientline.cells.hosts import Host

ASKING = 4  # seconds


def hand_over_elsewhere(host: Host) -> bool:
    """Whether etcd leads on another node than this one. Where it leads here, it is told to hand over."""
    with suppress(OSError, ValueError, KeyError, StopIteration):
        leading = _ask(host, "maintenance/status")["leader"]
        names = {each["ID"]: each["name"] for each in _ask(host, "cluster/member/list")["members"]}
        if names[leading] != host.name:
            return True
        successor = next(each for each, name in names.items() if name != host.name)
        _ask(host, "maintenance/transfer-leadership", targetID=successor)
    return False


def _ask(host: Host, path: str, **body: str) -> Any:
    asked = json.dumps(body).encode()
    with urlopen(f"http://{host.address}:{host.etcd_port}/v3/{path}", asked, timeout=ASKING) as answer:
        return json.load(answer)
