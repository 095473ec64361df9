"""The planning service, wired: its areas, the facts that it reads, the jobs that it works off."""

from collections.abc import Mapping

from fastapi import FastAPI

from services.kernel import app as kernel
from services.kernel.http_client import AsgiApp
from services.kernel.inbox import Handlers
from services.kernel.settings import Settings
from services.planning.budget import routes as budget
from services.planning.decisions import routes as decisions
from services.planning.projects import routes as projects
from services.planning.risks import routes as risks
from services.planning.schedule.routes import baselines, calendars, dependencies, tasks

SOURCES = ("gateway", "coordination")


def create_app(settings: Settings | None = None, peers: "Mapping[str, str | AsgiApp] | None" = None) -> FastAPI:
    handlers = Handlers()
    return kernel.create_app(
        settings or Settings.load("planning"),
        [
            projects.router,
            decisions.router,
            budget.router,
            risks.router,
            tasks.router,
            dependencies.router,
            calendars.router,
            baselines.router,
        ],
        title="Tandem planning",
        handlers=handlers,
        sources=SOURCES,
        jobs={},
        peers=peers,
    )
