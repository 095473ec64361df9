"""What a person's membership becomes when their groups change. Pure values in, one step out.

A membership that somebody granted by hand is never touched, whatever the groups say.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from services.kernel.access import ROLES

Step = Literal["leave", "grant", "change", "revoke"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The membership that somebody has on a project now; `by_group` where groups brought it."""

    role: str
    by_group: bool


def strongest(roles: Collection[str]) -> str | None:
    """The role that counts for somebody in several groups, None for somebody in none."""
    return min(roles, key=ROLES.index, default=None)


def next_step(standing: Standing | None, wanted: str | None) -> Step:
    """How a standing gets to what the groups want."""
    if standing is None:
        return "leave" if wanted is None else "grant"
    if not standing.by_group or standing.role == wanted:
        return "leave"
    return "revoke" if wanted is None else "change"
