"""The planning service, wired: its areas, the facts that it reads, the jobs that it works off."""

from collections.abc import Mapping

from fastapi import FastAPI

from services.kernel import app as kernel
from services.kernel.http_client import AsgiApp
from services.kernel.inbox import Handlers
from services.kernel.settings import Settings
from services.kernel.storage import storage
from services.planning.absences import routes as absences
from services.planning.boards import routes as boards
from services.planning.budget import routes as budget
from services.planning.checklists import routes as checklists
from services.planning.competences import routes as competences
from services.planning.conflicts import routes as conflicts
from services.planning.contracts import routes as contracts
from services.planning.custom_fields import routes as custom_fields
from services.planning.decisions import routes as decisions
from services.planning.decisions.handlers import HANDLERS as DECISION_HANDLERS
from services.planning.exports import routes as exports
from services.planning.gates import routes as gates
from services.planning.imports import routes as imports
from services.planning.imports.use_cases import JOB_FUNCTIONS as IMPORT_JOBS
from services.planning.labels import routes as labels
from services.planning.levelling import routes as levelling
from services.planning.levelling.use_cases import JOB_FUNCTIONS as LEVELLING_JOBS
from services.planning.lint import routes as lint
from services.planning.loads import routes as loads
from services.planning.periods import routes as periods
from services.planning.plan_acts import routes as plan_acts
from services.planning.plan_templates import routes as plan_templates
from services.planning.projects import routes as projects
from services.planning.readiness import routes as readiness
from services.planning.recurrences import routes as recurrences
from services.planning.resources import routes as resources
from services.planning.responsibilities import routes as responsibilities
from services.planning.reviews import routes as reviews
from services.planning.reviews.use_cases import JOB_FUNCTIONS as REVIEW_JOBS
from services.planning.risks import routes as risks
from services.planning.schedule.handlers import HANDLERS as SCHEDULE_HANDLERS
from services.planning.schedule.routes import (
    baselines,
    calendars,
    dependencies,
    explanations,
    forecasts,
    schedule_options,
    tasks,
    wbs_codes,
)
from services.planning.staffing import routes as staffing
from services.planning.staffing.use_cases import JOB_FUNCTIONS as STAFFING_JOBS
from services.planning.upserts import routes as upserts

SOURCES = ("gateway", "coordination", "reporting")


def create_app(settings: Settings | None = None, peers: "Mapping[str, str | AsgiApp] | None" = None) -> FastAPI:
    settings = settings or Settings.load("planning")
    store = storage(settings.storage_url, settings.service) if settings.storage_url else None
    handlers = Handlers()
    handlers.include(SCHEDULE_HANDLERS)
    handlers.include(DECISION_HANDLERS)
    return kernel.create_app(
        settings,
        [
            projects.router,
            decisions.router,
            reviews.router,
            gates.router,
            conflicts.router,
            responsibilities.router,
            periods.router,
            budget.router,
            risks.router,
            tasks.router,
            dependencies.router,
            calendars.router,
            baselines.router,
            forecasts.router,
            schedule_options.router,
            wbs_codes.router,
            explanations.router,
            resources.router,
            absences.router,
            loads.router,
            competences.router,
            staffing.router,
            contracts.router,
            labels.router,
            boards.router,
            checklists.router,
            custom_fields.router,
            readiness.router,
            recurrences.router,
            plan_templates.router,
            plan_acts.router,
            levelling.router,
            lint.router,
            imports.router,
            exports.router,
            upserts.router,
        ],
        title="Tandem planning",
        handlers=handlers,
        sources=SOURCES,
        jobs={**IMPORT_JOBS, **LEVELLING_JOBS, **REVIEW_JOBS, **STAFFING_JOBS},
        peers=peers,
        resources=store,
        store=store,
    )
