"""Facts: what happened, in the past tense, numbered without a gap within one tenant and service, and hash-chained.

An area declares the facts that it publishes as `FactType`s, with a version and a JSON example, and records them on the
write session. The envelope below is what the log carries, what readers get and what the public feed shows.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from services.kernel.identity import Principal

# Who of a project's people may learn of a fact: everybody but guests, guests too, or those who see its costs; or, of what
# belongs to no project, the administrators of the tenant.
Audience = Literal["members", "guests", "tenant", "costs"]

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class FactType:
    """The name of a kind of fact (`planning.task.rescheduled`), its version and an example of its data."""

    name: str
    version: int
    example: Mapping[str, Any]
    description: str

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact that a use case has recorded in its transaction and that has no number yet.

    By whom and in whose name, for which proposal and in which trace is kept with it: a transaction that applies several
    facts of others acts for one after the other.
    """

    type: FactType
    subject_type: str
    subject_id: UUID
    project_id: UUID | None
    data: Mapping[str, Any]
    principal: Principal
    trace_id: str | None = None
    audience: Audience = "members"
    # By which authority, where it is not that of this transaction's own acts.
    authority: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A numbered fact, as it stands in the outbox, travels on the log and reaches a reader."""

    id: UUID
    tenant_id: UUID
    source: str
    number: int
    type: str
    version: int
    subject_type: str
    subject_id: UUID
    project_id: UUID | None
    audience: Audience
    occurred_at: datetime
    actor_id: UUID
    data: Mapping[str, Any]
    on_behalf_of_id: UUID | None = None
    proposal_id: UUID | None = None
    change_agent: str | None = None
    trace_id: str | None = None
    # By which authority it was done: the acts of its transaction as they were judged.
    authority: Sequence[Mapping[str, Any]] = ()
    hash: str = field(default="")

    def body(self) -> dict[str, Any]:
        """All that the hash covers, in plain JSON values."""
        return {
            "id": str(self.id),
            "tenant_id": str(self.tenant_id),
            "source": self.source,
            "number": self.number,
            "type": self.type,
            "version": self.version,
            "subject": {"type": self.subject_type, "id": str(self.subject_id)},
            "project_id": self.project_id and str(self.project_id),
            "audience": self.audience,
            "occurred_at": instant_text(self.occurred_at),
            "actor_id": str(self.actor_id),
            "on_behalf_of_id": self.on_behalf_of_id and str(self.on_behalf_of_id),
            "proposal_id": self.proposal_id and str(self.proposal_id),
            "change_agent": self.change_agent,
            "trace_id": self.trace_id,
            "authority": list(self.authority),
            "data": self.data,
        }

    def chained_hash(self, previous: bytes) -> bytes:
        """SHA-256 over the previous fact's hash and this one's body with sorted keys."""
        return hashlib.sha256(previous + orjson.dumps(self.body(), option=orjson.OPT_SORT_KEYS)).digest()

    def to_bytes(self) -> bytes:
        return orjson.dumps(self.body() | {"hash": self.hash})

    @classmethod
    def from_bytes(cls, message: bytes) -> "Fact":
        """Read the envelope. Unknown members are ignored, so that a newer writer does not stop an older reader."""
        return cls.from_body(orjson.loads(message))

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Fact":
        def uuid(name: str) -> UUID | None:
            return UUID(body[name]) if body.get(name) else None

        return cls(
            id=UUID(body["id"]),
            tenant_id=UUID(body["tenant_id"]),
            source=body["source"],
            number=body["number"],
            type=body["type"],
            version=body["version"],
            subject_type=body["subject"]["type"],
            subject_id=UUID(body["subject"]["id"]),
            project_id=uuid("project_id"),
            audience=body["audience"],
            occurred_at=datetime.fromisoformat(body["occurred_at"]),
            actor_id=UUID(body["actor_id"]),
            data=body["data"],
            on_behalf_of_id=uuid("on_behalf_of_id"),
            proposal_id=uuid("proposal_id"),
            change_agent=body.get("change_agent"),
            trace_id=body.get("trace_id"),
            authority=body.get("authority", ()),
            hash=body.get("hash", ""),
        )


def instant_text(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds, the one spelling of an instant that the hash chain knows."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
