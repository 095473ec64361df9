"""The system's description, and two tenants: ours has one object of every kind, theirs must learn of none of ours."""

import pytest

from tests.contract.inventory import Inventory
from tests.contract.operations import Description
from tests.factories.system import SystemUnderTest


@pytest.fixture(scope="session")
async def description(system: SystemUnderTest) -> Description:
    answer = await system.http.get("/v1/openapi.json")
    assert answer.status_code == 200, answer.text
    return Description(answer.json())


async def furnished(system: SystemUnderTest, description: Description) -> Inventory:
    inventory = Inventory(system, await system.tenant())
    await inventory.fill({str(operation): operation for operation in description})
    return inventory


@pytest.fixture(scope="session")
async def ours(system: SystemUnderTest, description: Description) -> Inventory:
    return await furnished(system, description)


@pytest.fixture(scope="session")
async def theirs(system: SystemUnderTest, description: Description) -> Inventory:
    """Another tenant."""
    return await furnished(system, description)
