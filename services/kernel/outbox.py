"""The transactional outbox: facts are rows of the transaction that made them true, numbered and hash-chained by tenant.

The rows stay for ever. They are the audit trail, and every reader and the log itself can be rebuilt from them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from services.kernel.events import GENESIS, Fact

if TYPE_CHECKING:
    from services.kernel.session import Reader

CHANNEL = "tandem_outbox"


class ChainBroken(Exception):
    """A stored fact does not hash to what the chain says: somebody changed history. The message names the number."""


async def append_facts(connection: Any, tenant_id: UUID, facts: Sequence[Fact]) -> int:
    """Number and chain `facts` behind the tenant's head and store them. Returns the number of the last one.

    The head row is locked until the transaction ends, so numbers follow the order of commits without a gap.
    """
    head = await connection.fetchrow(
        """insert into outbox_heads as head (tenant_id, number, hash) values ($1, $2, $3)
           on conflict (tenant_id) do update set number = head.number + $2
           returning number, hash""",
        tenant_id,
        len(facts),
        GENESIS,
    )
    number = int(head["number"]) - len(facts)
    previous: bytes = head["hash"]
    numbered: list[Fact] = []
    hashes: list[bytes] = []
    for fact in facts:
        number += 1
        chained = replace(fact, number=number)
        previous = chained.chained_hash(previous)
        hashes.append(previous)
        numbered.append(replace(chained, hash=previous.hex()))
    await connection.execute(
        f"""with stored as (
              insert into outbox (tenant_id, number, id, type, project_id, envelope, hash)
              select $1, * from unnest($2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::bytea[])
            ), head as (
              update outbox_heads set hash = $8 where tenant_id = $1
            )
            select pg_notify('{CHANNEL}', '')""",
        tenant_id,
        [fact.number for fact in numbered],
        [fact.id for fact in numbered],
        [fact.type for fact in numbered],
        [fact.project_id for fact in numbered],
        [fact.to_bytes().decode() for fact in numbered],
        hashes,
        previous,
    )
    return number


async def read_facts(reader: "Reader", tenant_id: UUID, after: int, limit: int) -> Sequence[str]:
    """The envelopes of a tenant's facts behind number `after`, in order, as stored."""
    rows = await reader.rows(
        "select envelope from outbox where tenant_id = $1 and number > $2 order by number limit $3",
        tenant_id,
        after,
        limit,
    )
    return [row["envelope"] for row in rows]


async def verify_chain(connection: Any, tenant_id: UUID) -> int:
    """Recompute a tenant's chain from its first fact. Returns how many facts were verified; raises ChainBroken."""
    previous = GENESIS
    expected = 0
    rows = await connection.fetch(
        "select number, envelope, hash from outbox where tenant_id = $1 order by number", tenant_id
    )
    for row in rows:
        expected += 1
        fact = Fact.from_body(orjson.loads(row["envelope"]))
        chained = fact.chained_hash(previous)
        if row["number"] != expected or fact.number != expected or chained != row["hash"] or chained.hex() != fact.hash:
            raise ChainBroken(f"fact {row['number']} of tenant {tenant_id} does not continue the chain")
        previous = chained
    return expected
