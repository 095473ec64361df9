"""The coordination service, wired: its areas, the facts that it reads, the jobs that it works off."""

from collections.abc import Mapping

from fastapi import FastAPI

from services.coordination.context.handlers import HANDLERS as CONTEXT_HANDLERS
from services.coordination.documents import routes as documents
from services.coordination.meetings import jobs as meeting_jobs
from services.coordination.meetings.handlers import HANDLERS as MEETING_HANDLERS
from services.coordination.meetings.routes import action_items, agenda_items, attendances, meetings, outcomes
from services.coordination.resources import Resources
from services.kernel import app as kernel
from services.kernel.http_client import AsgiApp
from services.kernel.inbox import Handlers
from services.kernel.settings import Settings

SOURCES = ("gateway", "planning")


def create_app(settings: Settings | None = None, peers: "Mapping[str, str | AsgiApp] | None" = None) -> FastAPI:
    settings = settings or Settings.load("coordination")
    resources = Resources.from_settings(settings)
    handlers = Handlers()
    handlers.include(CONTEXT_HANDLERS)
    handlers.include(MEETING_HANDLERS)
    return kernel.create_app(
        settings,
        [
            meetings.router,
            agenda_items.router,
            attendances.router,
            outcomes.router,
            action_items.router,
            documents.router,
        ],
        title="Tandem coordination",
        handlers=handlers,
        sources=SOURCES,
        jobs=meeting_jobs.JOB_FUNCTIONS,
        peers=peers,
        resources=resources,
        store=resources.store,
    )
