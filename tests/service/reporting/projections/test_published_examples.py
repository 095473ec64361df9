"""Reporting reads what the other services really publish: every example of a fact that it acts upon."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from services.kernel.events import FactType
from services.kernel.ids import new_id
from services.reporting.projections.handlers import HANDLERS
from tests.factories.facts import Listener, Told
from tests.factories.policies import make_policy

ROOT = Path(__file__).parents[4]


def published() -> Iterator[FactType]:
    """The fact types that the areas of the other services declare."""
    for path in sorted([*ROOT.glob("services/*/*/events.py"), *ROOT.glob("gateway/*/events.py")]):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        yield from getattr(module, "FACT_TYPES", ())


async def test_every_published_example_goes_into_the_read_tables(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    examples = {each.name: each for each in published() if each.name in HANDLERS.types}
    # What creates a thing comes before what changes it, under one id for all.
    first = ("created", "called", "assigned", "uploaded", "submitted", "raised", "set")
    ordered = sorted(examples.values(), key=lambda each: (each.name.rpartition(".")[2] not in first, each.name))
    subjects: dict[str, UUID] = {"project": world.project_id}
    for each in ordered:
        subject = subjects.setdefault(each.name.split(".")[1], new_id())
        await reporting.tell(world, [Told(each.name, subject, each.example)])
    answer = await world["manager"].get(f"/v1/projects/{world.project_id}/overview")
    assert answer.status_code == 200
    missing = HANDLERS.types - {each.name for each in published()}
    assert not missing, f"nobody publishes {sorted(missing)}"
