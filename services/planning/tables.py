"""All tables of this service: importing the nouns registers them on the base."""

from services.planning.absences import absence
from services.planning.base import Base
from services.planning.boards import board
from services.planning.budget import actual, budget_line, commitment, cost_code
from services.planning.checklists import checklist_item
from services.planning.competences import competence
from services.planning.conflicts import conflict
from services.planning.contracts import contract
from services.planning.custom_fields import custom_field
from services.planning.decisions import decision
from services.planning.external_refs import external_reference
from services.planning.gates import gate_passage
from services.planning.imports import import_mapping, plan_import
from services.planning.labels import label
from services.planning.levelling import levelling_run
from services.planning.periods import accounting_period
from services.planning.plan_templates import plan_template
from services.planning.projects import gate, goal, project, success_criterion
from services.planning.readiness import need, task_brief
from services.planning.recurrences import recurrence
from services.planning.resources import assignment, resource
from services.planning.responsibilities import responsibility
from services.planning.reviews import decision_review
from services.planning.risks import risk, risk_response
from services.planning.schedule import baseline, calendar, dependency, plan_change, task
from services.planning.staffing import staffing_request

metadata = Base.metadata
NOUNS = (
    project,
    goal,
    success_criterion,
    decision,
    decision_review,
    gate,
    gate_passage,
    conflict,
    responsibility,
    accounting_period,
    cost_code,
    budget_line,
    commitment,
    actual,
    risk,
    risk_response,
    task,
    dependency,
    calendar,
    baseline,
    plan_change,
    resource,
    assignment,
    absence,
    competence,
    staffing_request,
    contract,
    label,
    board,
    checklist_item,
    custom_field,
    recurrence,
    plan_template,
    task_brief,
    need,
    plan_import,
    import_mapping,
    levelling_run,
    external_reference,
)
