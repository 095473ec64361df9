"""Every SQL statement about external references."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.kernel.session import Reader, WriteSession
from services.planning.external_refs.external_reference import ExternalRefTaken

# System, type and id of a thing in another system.
Key = tuple[str, str, str]


def key_of(ref: Mapping[str, Any]) -> Key:
    return ref["system"], ref["type"], ref["id"]


async def claim(session: WriteSession, noun: str, object_id: UUID, refs: Sequence[Mapping[str, Any]]) -> None:
    """Make these the references of an object, instead of those that it had. Raises ExternalRefTaken."""
    await session.value(
        "delete from external_refs where tenant_id = $1 and object_id = $2", session.tenant_id, object_id
    )
    await claim_each(session, noun, [(key_of(ref), object_id) for ref in refs])


async def claim_each(session: WriteSession, noun: str, claims: Sequence[tuple[Key, UUID]]) -> None:
    """One more reference for each of the objects. Raises ExternalRefTaken where it is another's.

    Everybody inserts in one order, so that two batches wait for each other instead of locking up.
    """
    if not claims:
        return
    ordered = sorted(set(claims))
    # Each ten thousand are a call of their own, since the time of a call is limited.
    for start in range(0, len(ordered), 10_000):
        part = ordered[start : start + 10_000]
        inserted = await session.rows(
            """insert into external_refs (tenant_id, system, type, external_id, noun, object_id)
               select $1, claimed.system, claimed.type, claimed.id, $2, claimed.object_id
               from unnest($3::text[], $4::text[], $5::text[], $6::uuid[]) as claimed(system, type, id, object_id)
               on conflict do nothing returning true""",
            session.tenant_id,
            noun,
            [key[0] for key, _ in part],
            [key[1] for key, _ in part],
            [key[2] for key, _ in part],
            [object_id for _, object_id in part],
        )
        if len(inserted) != len(part):
            raise ExternalRefTaken


async def release(session: WriteSession, object_ids: Sequence[UUID]) -> None:
    """Forget the references of objects that are no longer there."""
    await session.value(
        "delete from external_refs where tenant_id = $1 and object_id = any($2)", session.tenant_id, list(object_ids)
    )


async def owners(reader: Reader, keys: Iterable[Key]) -> dict[Key, UUID]:
    """Which objects of the tenant carry these references."""
    wanted = list(keys)
    rows = await reader.rows(
        """select r.system, r.type, r.external_id, r.object_id from external_refs r
           join unnest($2::text[], $3::text[], $4::text[]) as wanted(system, type, external_id) using (system, type, external_id)
           where r.tenant_id = $1""",
        reader.tenant_id,
        [key[0] for key in wanted],
        [key[1] for key in wanted],
        [key[2] for key in wanted],
    )
    return {(row["system"], row["type"], row["external_id"]): row["object_id"] for row in rows}


async def taken_by_other_nouns(reader: Reader, noun: str, keys: Iterable[Key]) -> set[Key]:
    """Those of the references that belong to something that is no such noun."""
    wanted = list(keys)
    rows = await reader.rows(
        """select r.system, r.type, r.external_id from external_refs r
           join unnest($3::text[], $4::text[], $5::text[]) as wanted(system, type, external_id) using (system, type, external_id)
           where r.tenant_id = $1 and r.noun <> $2""",
        reader.tenant_id,
        noun,
        [key[0] for key in wanted],
        [key[1] for key in wanted],
        [key[2] for key in wanted],
    )
    return {(row["system"], row["type"], row["external_id"]) for row in rows}


async def find(reader: Reader, key: Key) -> tuple[str, UUID] | None:
    """The noun and the id of what carries a reference, None when nothing does."""
    row = await reader.row(
        """select noun, object_id from external_refs
           where tenant_id = $1 and system = $2 and type = $3 and external_id = $4""",
        reader.tenant_id,
        *key,
    )
    return (row["noun"], row["object_id"]) if row is not None else None


async def hold(session: WriteSession, key: Key) -> None:
    """Let nobody else upsert under this reference until the transaction ends: the second finds what the first made."""
    await session.value(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", "/".join((str(session.tenant_id), *key))
    )
