"""The authority policy that tests work under: the one that a new project starts with."""

from typing import Any

from gateway.authority.templates import standard_policy


def make_policy(**members: Any) -> dict[str, Any]:
    return standard_policy() | members
