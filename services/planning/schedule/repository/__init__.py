"""Every SQL statement of the schedule: what readers see, how a plan is loaded, how it is stored.

The names here are those that other areas and the benchmarks use.
"""

from services.planning.schedule.repository.collections import TASKS
from services.planning.schedule.repository.loading import active_members, load_plan

__all__ = ["TASKS", "active_members", "load_plan"]
