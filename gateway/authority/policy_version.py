"""A version of a project's authority policy: what was set when by whom, and what it changed."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.authority import ABOVE_THE_MANAGER
from services.kernel.entity import Entity


class PolicyVersion(Entity, Base):
    __tablename__ = "policy_versions"
    __table_args__ = (Index("uq_policy_versions_number", "tenant_id", "project_id", "number", unique=True),)

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    number: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # [{place, before, after}]: see `differences`.
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(Text)
    # Of the document in canonical JSON, so that whoever has read it can prove what it said.
    sha256: Mapped[str] = mapped_column(Text)


def digest_of(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What one document says otherwise than the other: `[{place, before, after}]`, null where nothing was said.

    A grant's place is `grants/{role}/{kind}`, since their order means nothing; another member's is its path.
    """
    old, new = dict(_places(before)), dict(_places(after))
    return [
        {"place": place, "before": old.get(place), "after": new.get(place)}
        for place in sorted(old.keys() | new.keys())
        if old.get(place) != new.get(place)
    ]


def touches_tolerances(changes: list[dict[str, Any]]) -> bool:
    """Whether it is about what binds the manager: tolerances, approvals, the grants of managers and those above."""
    bound = {"manager", "admin", *ABOVE_THE_MANAGER}
    for change in changes:
        place = change["place"].split("/")
        if place[0] in ("tolerances", "approvals", "solo") or (place[0] == "grants" and place[1] in bound):
            return True
    return False


def _places(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if name == "grants":
            for grant in value:
                rest = {member: each for member, each in grant.items() if member not in ("role", "kind") and each}
                yield f"grants/{grant['role']}/{grant['kind']}", rest
        elif isinstance(value, Mapping):
            yield from ((f"{name}/{member}", each) for member, each in value.items())
        elif value not in (None, [], False):
            yield name, value
