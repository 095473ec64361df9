"""The read tables hold what facts say and nothing else: in any interleaving, told twice, and built again from zero."""

import random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.reporting.app import SOURCES, create_app
from services.reporting.projections.read_tables import READ_TABLES
from services.reporting.projections.repository import digest, empty
from services.reporting.rebuild import rebuild, rebuild_tenant, tenants_of
from tests.factories.facts import Bridge, Listener, Told, baseline_set, tasks_created
from tests.factories.policies import make_policy


async def digest_of(reporting: Listener, tenant_id: UUID) -> dict[str, str]:
    async with reporting.service.database.read(tenant_id) as session:
        return await digest(session)


async def test_every_read_table_is_filled_by_the_story_and_names_its_source(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, Bridge(world).told())
    async with reporting.service.database.read(world.tenant_id) as session:
        for table in READ_TABLES:
            rows = await session.rows(f"select distinct source from {table.name} where tenant_id = $1", world.tenant_id)
            assert len(rows) == (3 if table.name == "project_positions" else 1), table.name


async def test_a_rebuild_from_zero_gives_the_same_bytes(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, Bridge(world).told())
    before = await digest_of(reporting, world.tenant_id)
    async with reporting.service.database.write(Principal(world.tenant_id, new_id())) as session:
        await (await session.driver()).execute(
            "update tasks set title = 'tampered' where tenant_id = $1", world.tenant_id
        )
        await (await session.driver()).execute("delete from risks where tenant_id = $1", world.tenant_id)
        await session.commit()
    assert await digest_of(reporting, world.tenant_id) != before
    reached = await rebuild_tenant(reporting.service, world.tenant_id)
    assert reached == {
        source: len(reporting.outboxes.of(source, world.tenant_id))
        for source in ("gateway", "planning", "coordination")
    }
    assert await digest_of(reporting, world.tenant_id) == before
    assert world.tenant_id in await tenants_of(reporting.service)


async def test_the_command_names_what_it_reached(reporting: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, Bridge(world).told())
    before = await digest_of(reporting, world.tenant_id)
    peers = {source: reporting.outboxes.app(source) for source in SOURCES}
    await rebuild(create_app(reporting.service.settings, peers).state.service, world.tenant_id)
    reached = " ".join(f"{source}={len(reporting.outboxes.of(source, world.tenant_id))}" for source in SOURCES)
    assert capsys.readouterr().out == f"{world.tenant_id} {reached}\n"
    assert await digest_of(reporting, world.tenant_id) == before


async def test_a_rebuild_that_cannot_read_everything_changes_nothing(
    reporting: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, Bridge(world).told())
    before = await digest_of(reporting, world.tenant_id)
    kept = reporting.outboxes.of
    lost = {"coordination": lambda fact: fact.number != 3}
    monkeypatch.setattr(
        reporting.outboxes,
        "of",
        lambda source, tenant_id: tuple(filter(lost.get(source), kept(source, tenant_id))),
    )
    with pytest.raises(RuntimeError, match="gap behind"):
        await rebuild_tenant(reporting.service, world.tenant_id)
    assert await digest_of(reporting, world.tenant_id) == before


async def test_a_rebuild_of_one_tenant_leaves_the_others_alone(reporting: Listener) -> None:
    worlds = [await reporting.world(make_policy()) for _ in range(2)]
    for world in worlds:
        await reporting.tell(world, Bridge(world).told())
    before = await digest_of(reporting, worlds[1].tenant_id)
    await rebuild_tenant(reporting.service, worlds[0].tenant_id)
    assert await digest_of(reporting, worlds[1].tenant_id) == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.randoms(use_true_random=False))
async def test_neither_repetition_nor_the_sources_interleaving_matters(
    reporting: Listener, draw: random.Random
) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, Bridge(world).told())
    expected = await digest_of(reporting, world.tenant_id)
    async with reporting.service.database.write(Principal(world.tenant_id, new_id())) as session:
        await (await session.driver()).execute("delete from inbox_cursors where tenant_id = $1", world.tenant_id)
        await empty(session)
        await session.commit()
    queues = {
        source: list(reporting.outboxes.of(source, world.tenant_id))
        for source in ("gateway", "planning", "coordination")
    }
    heard = dict.fromkeys(queues, 0)
    while open_sources := [source for source, queue in queues.items() if heard[source] < len(queue)]:
        source = draw.choice(open_sources)
        # A batch begins anywhere in what was heard before, as a redelivery would.
        start, end = draw.randint(0, heard[source]), min(heard[source] + draw.randint(1, 9), len(queues[source]))
        assert await reporting.service.inbox.apply(world.tenant_id, source, queues[source][start:end])
        heard[source] = end
    assert await digest_of(reporting, world.tenant_id) == expected


async def test_a_deleted_task_leaves_no_row_and_no_progress_behind(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    bridge = Bridge(world)
    await reporting.tell(world, bridge.told())
    data = {
        "removed_ids": [str(bridge.piles.id)],
        "moved": [],
        "plan": {"start": "2026-03-02T08:00:00", "finish": None},
    }
    await reporting.tell(world, [Told("planning.task.deleted", bridge.piles.id, data)])
    async with reporting.service.database.read(world.tenant_id) as session:
        for table, column in (("tasks", "id"), ("progress_entries", "task_id")):
            statement = f"select count(*) from {table} where tenant_id = $1 and {column} = $2"
            assert await session.value(statement, world.tenant_id, bridge.piles.id) == 0


async def test_a_new_baseline_takes_the_place_of_the_one_before(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    bridge = Bridge(world)
    await reporting.tell(world, bridge.told())
    await reporting.tell(world, [*tasks_created(bridge.tasks[:2]), baseline_set(bridge.tasks[:2])])
    async with reporting.service.database.read(world.tenant_id) as session:
        rows = await session.rows("select task_id from baseline_tasks where tenant_id = $1", world.tenant_id)
    assert {row["task_id"] for row in rows} == {task.id for task in bridge.tasks[:2]}
