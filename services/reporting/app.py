"""The reporting service, wired: its areas, the facts that it reads, the worker that sets its reports."""

from collections.abc import Mapping

from fastapi import FastAPI

from services.kernel import app as kernel
from services.kernel.http_client import AsgiApp
from services.kernel.settings import Settings
from services.reporting.dashboards import routes as dashboards
from services.reporting.projections.handlers import HANDLERS
from services.reporting.status_reports import routes as status_reports
from services.reporting.status_reports.pdf_worker import PdfWorker

SOURCES = ("gateway", "planning", "coordination")


def create_app(settings: Settings | None = None, peers: "Mapping[str, str | AsgiApp] | None" = None) -> FastAPI:
    return kernel.create_app(
        settings or Settings.load("reporting"),
        [dashboards.router, status_reports.router],
        title="Tandem reporting",
        handlers=HANDLERS,
        sources=SOURCES,
        jobs={},
        peers=peers,
        resources=PdfWorker(),
    )
