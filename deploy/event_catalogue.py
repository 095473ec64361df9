"""Writes services/EVENTS.md, who says what and who hears it: ``make events``.

Publishers are the ``events`` modules and their FACT_TYPES, readers the modules that hold ``Handlers``; nothing is started.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from services.kernel.access_copy import DIRECTORY_HANDLERS
from services.kernel.events import FactType
from services.kernel.inbox import Handlers

PAGE = Path(__file__).resolve().parents[1] / "services" / "EVENTS.md"
PACKAGES = {
    "gateway": "gateway",
    "planning": "services.planning",
    "coordination": "services.coordination",
    "reporting": "services.reporting",
}
# The kernel keeps a copy of the directory in every service but the gateway, which owns it.
COPIES = ("planning", "coordination", "reporting")

HEAD = """\
# Events: who says what, and who hears it

Written by `make events` from the code; a test compares. A fact is what happened, in the past tense. It is recorded in
the transaction that made it true, numbered without a gap within its tenant and service, and hash-chained.

Besides the readers named here, the gateway reads every fact: it gives each its position in the merged log, which is
what `GET /v1/events` and `GET /v1/events/stream` show. Reporting notes the number of every fact of a project. A reader
takes only the members that it uses and ignores unknown ones, so a member may be added at any time.

Every fact carries `id`, `tenant_id`, `source`, `number`, `type`, `version`, `subject` (`type`, `id`), `project_id`,
`audience` (`members`, `guests`, `costs` or `tenant`), `occurred_at`, `actor_id`, `on_behalf_of_id`, `proposal_id`,
`change_agent`, `trace_id`, `data` and `hash`. The tables name the members of `data`; an example of each fact stands
beside its declaration. Lists of tasks come in parts of at most 200 rows.
"""


def modules_of(package_name: str) -> Iterator[ModuleType]:
    """Every module of a deployable but its migrations, which Alembic alone loads."""
    package = importlib.import_module(package_name)
    for found in pkgutil.walk_packages(package.__path__, f"{package_name}."):
        if ".migrations" not in found.name:
            yield importlib.import_module(found.name)


def published() -> dict[str, list[tuple[str, FactType]]]:
    """By service, the facts that it publishes, each with the module that declares it."""
    return {
        service: [
            (module.__name__, fact_type)
            for module in modules_of(package)
            if module.__name__.endswith(".events")
            for fact_type in module.FACT_TYPES
        ]
        for service, package in PACKAGES.items()
    }


def heard() -> dict[str, dict[str, list[str]]]:
    """By fact type and service, what its handlers are called. Those that hear every fact are left out."""
    readers: dict[str, dict[str, list[str]]] = {}
    for service, package in PACKAGES.items():
        found = {
            id(value): value for module in modules_of(package) for value in vars(module).values() if is_handlers(value)
        }
        copies = [DIRECTORY_HANDLERS] if service in COPIES else []
        for handlers in (*copies, *found.values()):
            general = handlers.of("")
            for fact_type in handlers.types:
                names = readers.setdefault(fact_type, {}).setdefault(service, [])
                specific = (each.__name__ for each in handlers.of(fact_type) if each not in general)
                names.extend(name for name in specific if name not in names)
    return readers


def is_handlers(value: object) -> TypeGuard[Handlers]:
    return isinstance(value, Handlers)


def unknown_facts() -> set[str]:
    """Types that somebody listens to and nobody publishes."""
    known = {fact_type.name for facts in published().values() for _, fact_type in facts}
    return set(heard()) - known


def page() -> str:
    """The page as Markdown."""
    readers = heard()
    sections = [HEAD]
    for service, facts in published().items():
        sections.append(f"## {service}\n")
        for module in dict.fromkeys(module for module, _ in facts):
            link = module_link(module)
            sections.append(f"Declared in {link}.\n\n| fact | says | `data` | heard by |\n|---|---|---|---|")
            sections.extend(
                row(fact_type, readers.get(fact_type.name, {}))
                for declared_in, fact_type in facts
                if declared_in == module
            )
            sections.append("")
    return "\n".join(sections)


def module_link(module: str) -> str:
    """A link from services/EVENTS.md to a module's file."""
    path = f"{module.replace('.', '/')}.py"
    target = path.removeprefix("services/") if path.startswith("services/") else f"../{path}"
    return f"[{path}]({target})"


def row(fact_type: FactType, readers: Mapping[str, Sequence[str]]) -> str:
    """A line of the table; services that do the same with a fact stand together."""
    version = "" if fact_type.version == 1 else f" (version {fact_type.version})"
    members = ", ".join(f"`{name}`" for name in fact_type.example)
    services: dict[str, list[str]] = {}
    for service, names in sorted(readers.items()):
        services.setdefault(", ".join(f"`{name}`" for name in names), []).append(service)
    by = "; ".join(f"{', '.join(named)}: {names}" for names, named in services.items())
    return f"| `{fact_type.name}`{version} | {fact_type.description} | {members} | {by or '–'} |"


if __name__ == "__main__":
    PAGE.write_text(page())
