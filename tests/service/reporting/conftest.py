"""Reporting alone, beside outboxes that answer for the services it reads; they tell again what a test has told."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import LocalStack
from services.kernel.identity import IdentitySigner
from services.kernel.settings import Settings
from services.reporting.app import SOURCES, create_app
from tests.factories.facts import Listener, Outboxes


@pytest.fixture(scope="session")
async def reporting(servers: LocalStack) -> AsyncIterator[Listener]:
    settings = Settings.load("reporting", servers.environment | {"TANDEM_LOG_NAME": "alone_reporting"})
    outboxes = Outboxes(IdentitySigner(settings.signing_keys))
    app = create_app(settings, {source: outboxes.app(source) for source in SOURCES})
    under_test = Listener(app)
    under_test.outboxes = outboxes
    async with app.router.lifespan_context(app):
        yield under_test
    await under_test.http.aclose()
