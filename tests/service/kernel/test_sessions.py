"""Write sessions begin their transactions themselves: each has its tenant, ends, and leaves a clean connection."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.kernel.database import Database
from services.kernel.identity import Principal
from services.kernel.problems import Unavailable
from services.kernel.session import WriteSession
from tests.factories.world import ServiceUnderTest

TENANT = "select current_setting('app.tenant_id', true)"
BACKEND = "select pg_backend_pid()"


def principal() -> Principal:
    return Principal(uuid4(), UUID(int=0))


async def left_behind(database: Database) -> tuple[bool, str | None]:
    """Whether a connection of the pool is still in a transaction, and for which tenant, outside of any session."""
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        return driver.is_in_transaction(), await driver.fetchval(TENANT) or None


async def test_a_transaction_is_its_tenants_from_the_first_statement_on(planning: ServiceUnderTest) -> None:
    mine = principal()
    async with planning.service.database.write(mine) as session:
        assert await session.value(TENANT) == str(mine.tenant_id)
        async with session.begin_nested():
            assert await session.value(TENANT) == str(mine.tenant_id)
        await session.commit()
        assert await session.value(TENANT) == str(mine.tenant_id), "the next one has it as well"


@pytest.mark.parametrize("ending", ["commit", "rollback", "an error", "a failed statement", "a cancellation"])
async def test_however_it_ends_the_connection_goes_back_clean(planning: ServiceUnderTest, ending: str) -> None:
    database = planning.service.database

    async def use() -> None:
        async with database.write(principal()) as session:
            await session.value("select 1")
            match ending:
                case "commit":
                    await session.commit()
                case "rollback":
                    await session.rollback()
                case "an error":
                    raise LookupError
                case "a failed statement":
                    await session.value("select 1 / 0")
                case _:
                    await session.value("select pg_sleep(5)")

    if ending == "a cancellation":
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await use()
    elif ending in {"an error", "a failed statement"}:
        with pytest.raises((LookupError, asyncpg.DivisionByZeroError)):
            await use()
    else:
        await use()
    assert await left_behind(database) == (False, None)


async def test_what_was_not_committed_is_gone_and_what_was_is_there(planning: ServiceUnderTest) -> None:
    mine = principal()
    database = planning.service.database
    insert = "insert into inbox_cursors (tenant_id, source, number) values ($1, $2, 1)"

    async def add(source: str, session: WriteSession) -> None:
        await (await session.driver()).execute(insert, mine.tenant_id, source)

    async with database.write(mine) as session:
        await add("dropped", session)
    async with database.write(mine) as session:
        await add("kept", session)
        await session.commit()
    async with database.read(mine.tenant_id) as reader:
        assert [row["source"] for row in await reader.rows("select source from inbox_cursors")] == ["kept"]


async def test_a_commit_over_a_lost_connection_is_no_commit_and_the_connection_is_not_used_again(
    planning: ServiceUnderTest,
) -> None:
    database = planning.service.database
    lost: list[int] = []

    async def commit_too_late() -> None:
        async with database.write(principal()) as session:
            lost.append(await session.value(BACKEND))
            (await session.driver()).terminate()
            await session.commit()

    with pytest.raises(Unavailable):
        await commit_too_late()
    for _ in range(3):
        async with database.write(principal()) as session:
            assert [await session.value(BACKEND)] != lost
