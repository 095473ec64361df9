"""All tables of this service: importing the nouns registers them on the base."""

from services.planning.base import Base
from services.planning.budget import actual, budget_line, commitment, cost_code
from services.planning.decisions import decision
from services.planning.projects import goal, project, success_criterion

metadata = Base.metadata
NOUNS = (project, goal, success_criterion, decision, cost_code, budget_line, commitment, actual)
