"""The nodes of a cluster, as Patroni tells of them at `/cluster`."""

from dataclasses import dataclass
from typing import Self


@dataclass
class Member:
    """One node. `lag` in bytes, None where nobody knows."""

    name: str
    role: str
    state: str
    lag: int | None
    timeline: int | None

    @classmethod
    def read(cls, told: dict) -> Self:
        lag = told.get("lag")
        known = lag if isinstance(lag, int) else None  # else "unknown"
        return cls(told["name"], told["role"], told["state"], known, told.get("timeline"))


def do_follow_one(members: list[Member]) -> bool:
    """Whether all follow the one that leads, to its last byte, and one of them is waited for by each COMMIT."""
    leading = [each for each in members if each.role == "leader"]
    following = [each for each in members if each.role != "leader"]
    return (
        [each.state for each in leading] == ["running"]
        and all((each.state, each.lag, each.timeline) == ("streaming", 0, leading[0].timeline) for each in following)
        and any(each.role == "sync_standby" for each in following)
    )
