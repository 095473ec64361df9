"""Fixtures of all tiers: the servers (real PostgreSQL, real JetStream) and each service started once a session."""

import contextlib
import importlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import LocalStack
from services.kernel import access
from services.kernel.settings import Settings
from tests.factories.system import SystemUnderTest
from tests.factories.world import ServiceUnderTest


@contextlib.asynccontextmanager
async def started(folder: Path) -> AsyncIterator[LocalStack]:
    """PostgreSQL and the log server with migrated databases."""
    stack = LocalStack(folder, environment="test", durable=False, apps={})
    try:
        await stack.start_servers()
        yield stack
    finally:
        await stack.stop()


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """The servers of the services that run alone, private to this test process."""
    async with started(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@contextlib.asynccontextmanager
async def running(
    name: str, servers: LocalStack, peers: dict[str, Any], **settings: str
) -> AsyncIterator[ServiceUnderTest]:
    """The named service, alone, with its lifespan entered."""
    folder = "gateway" if name == "gateway" else f"services.{name}"
    environment = servers.environment | {"TANDEM_LOG_NAME": f"alone_{name}"} | settings
    app = importlib.import_module(f"{folder}.app").create_app(Settings.load(name, environment), peers)
    under_test = ServiceUnderTest(app)
    async with app.router.lifespan_context(app):
        yield under_test
    await under_test.http.aclose()


@pytest.fixture(scope="session")
async def planning(servers: LocalStack) -> AsyncIterator[ServiceUnderTest]:
    async with running("planning", servers, {}) as under_test:
        yield under_test


@pytest.fixture(scope="session")
async def coordination(servers: LocalStack) -> AsyncIterator[ServiceUnderTest]:
    async with running("coordination", servers, {}) as under_test:
        yield under_test


@pytest.fixture(scope="session")
async def reporting(servers: LocalStack) -> AsyncIterator[ServiceUnderTest]:
    async with running("reporting", servers, {}) as under_test:
        yield under_test


@pytest.fixture(scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SystemUnderTest]:
    """All four services in one process, behind the pipe, over real PostgreSQL and JetStream.

    Their servers are their own: two instances of a service over one database would share relay, inbox and jobs.
    """
    async with started(tmp_path_factory.mktemp("system")) as stack:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in stack.environment.items():
                patch.setenv(name, value)
            # Tests try more often than any attacker; those that are about limits set their own.
            patch.setenv("TANDEM_RATE_LIMITS", "off")
            # Identity providers and receivers in tests live on loopback.
            patch.setenv("TANDEM_EGRESS_ALLOW", "127.0.0.0/8")
            app = importlib.import_module("deploy.all_in_one").create_app()
        under_test = SystemUnderTest(app)
        async with under_test.own.router.lifespan_context(under_test.own):
            yield under_test
        await under_test.http.aclose()


@pytest.fixture(autouse=True, scope="session")
def _declared_kinds_only() -> Iterator[None]:
    """A use case that asks for a kind of act which its route does not declare fails the test that found it."""

    def refuse(message: str) -> None:
        raise AssertionError(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "undeclared", refuse)
        yield
