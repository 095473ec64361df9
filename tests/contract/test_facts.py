"""What services tell each other: named alike, shown by an example, and understood by everybody who hears it."""

import re
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from deploy.event_catalogue import PACKAGES, modules_of, published, unknown_facts
from services.kernel.events import Fact, FactType
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.inbox import NOBODY
from services.kernel.service import Service
from tests.contract.test_routes import service_of
from tests.factories.system import SystemUnderTest, Tenant

FACTS = {service: [fact_type for _, fact_type in facts] for service, facts in published().items()}
TYPES = [each for facts in FACTS.values() for each in facts]
ANOTHER = new_id()
# Participles of the irregular verbs in use; regular ones end in -ed.
IRREGULAR = ("set", "taken", "put", "held", "sent", "met", "withdrawn")


@pytest.fixture(scope="module")
async def services(system: SystemUnderTest) -> dict[str, Service]:
    return {name: service_of(system, name) for name in PACKAGES}


@pytest.fixture(scope="module")
async def tenant(system: SystemUnderTest) -> Tenant:
    """A tenant whose project every service knows."""
    return await system.tenant()


@pytest.mark.parametrize("fact_type", TYPES, ids=lambda each: each.name)
def test_a_fact_is_named_service_noun_participle_and_has_an_example(fact_type: FactType) -> None:
    name = fact_type.name
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name), f"{name} is no service.noun.fact"
    last = name.rpartition("_")[2] if "_" in name.rpartition(".")[2] else name.rpartition(".")[2]
    assert last.endswith("ed") or last in IRREGULAR, f"{name} is not in the past tense"
    assert fact_type.version >= 1
    assert fact_type.example, f"{name} shows no example"
    assert fact_type.description.endswith("."), f"{name} has no sentence"
    assert orjson.loads(orjson.dumps(fact_type.example)) == fact_type.example, f"the example of {name} is no plain JSON"


@pytest.mark.parametrize("service", PACKAGES)
def test_a_service_publishes_its_own_facts_each_once_and_lists_them(service: str) -> None:
    names = [each.name for each in FACTS[service]]
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.partition(".")[0] != service]
    declared = {
        value.name
        for module in modules_of(PACKAGES[service])
        if module.__name__.endswith(".events")
        for value in vars(module).values()
        if isinstance(value, FactType)
    }
    assert declared == set(names), f"Add to FACT_TYPES of the area's events.py: {declared - set(names)}"


def test_nobody_waits_for_a_fact_that_nobody_publishes() -> None:
    assert not unknown_facts(), "A handler hears what no events.py declares"


async def test_whoever_acts_upon_a_fact_reads_its_source(services: dict[str, Service]) -> None:
    for name, service in services.items():
        deaf = {each for each in service.inbox._handlers.types if each.partition(".")[0] not in service.inbox.sources}
        assert not deaf, f"{name} handles {deaf} but does not follow their service: extend SOURCES in its app.py"


@pytest.mark.parametrize("reader", PACKAGES)
async def test_every_published_example_is_understood_by_every_reader(
    reader: str, services: dict[str, Service], tenant: Tenant
) -> None:
    service = services[reader]
    me = (await tenant["manager"].get("/v1/me")).json()
    tenant_id = UUID(me["tenant_id"])
    await tenant["manager"].get(f"/v1/projects/{tenant.project_id}/overview")  # Whoever is behind catches up.
    parked = []
    for source in service.inbox.sources:
        for fact_type in FACTS[source]:
            async with service.database.read(tenant_id) as session:
                cursor = await session.value(
                    "select number from inbox_cursors where tenant_id = $1 and source = $2", tenant_id, source
                )
            fact = example_of(fact_type, tenant_id, tenant, (cursor or 0) + 1)
            assert await service.inbox.apply(tenant_id, source, [fact])
            async with service.database.write(Principal(tenant_id, NOBODY, kind="service")) as session:
                driver = await session.driver()
                rows = await driver.fetch("delete from parked_facts where tenant_id = $1 returning problem", tenant_id)
                await session.commit()
            parked += [f"{fact_type.name}: {row['problem']}" for row in rows]
    assert not parked, f"{reader} does not understand these examples:\n" + "\n".join(parked)


def example_of(fact_type: FactType, tenant_id: UUID, tenant: Tenant, number: int) -> Fact:
    """The published example as its service would send it, about the tenant's project."""
    noun = fact_type.name.split(".")[1]
    subject = fact_type.example.get(noun)
    own = subject.get("id") if isinstance(subject, dict) else fact_type.example.get(f"{noun}_id")
    # A project that is created is another one than the tenant's, which everybody knows already.
    project_id = None if noun in ("tenant", "person") else ANOTHER if noun == "project" else tenant.project_id
    return Fact(
        id=new_id(),
        tenant_id=tenant_id,
        source=fact_type.service,
        number=number,
        type=fact_type.name,
        version=fact_type.version,
        subject_type=noun,
        subject_id=ANOTHER if noun == "project" else UUID(own) if own else new_id(),
        project_id=project_id,
        audience="members",
        occurred_at=datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        actor_id=tenant["manager"].id,
        data=fact_type.example,
    )
