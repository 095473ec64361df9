"""Every fact of every service, found by walking the modules named events, and the page that tells of them.

`python -m tests.contract.facts` writes services/EVENTS.md.
"""

import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from fastapi import FastAPI
from services.kernel.events import FactType
from services.kernel.service import Service
from services.kernel.settings import Settings

PACKAGES = {
    "gateway": "gateway",
    "planning": "services.planning",
    "coordination": "services.coordination",
    "reporting": "services.reporting",
}
PAGE = Path(__file__).resolve().parents[2] / "services" / "EVENTS.md"
_HEAD = """# Events

What the services tell each other, and what `GET /v1/events` shows: every type of fact, who hears it, and an example of
its data. The gateway hears everything and gives each fact its place in the merged feed; it is named here where it also
acts upon one. `tests/contract/test_facts.py` compares this page with the code and feeds every example to its readers;
`python -m tests.contract.facts` writes it anew.
"""


def event_modules(service: str) -> Sequence[ModuleType]:
    """The modules of a service in which its areas declare their facts."""
    package = importlib.import_module(PACKAGES[service])
    names = [each.name for each in pkgutil.walk_packages(package.__path__, f"{PACKAGES[service]}.")]
    return [importlib.import_module(name) for name in names if name.rpartition(".")[2] == "events"]


def fact_types(service: str) -> Sequence[FactType]:
    """The facts that a service publishes, in the order of their declaration."""
    found: dict[str, FactType] = {}
    for module in event_modules(service):
        for declared in vars(module).values():
            if isinstance(declared, FactType):
                found.setdefault(declared.name, declared)
    return tuple(found.values())


def hearers(services: Mapping[str, Service]) -> Mapping[str, Sequence[str]]:
    """By type of fact, the services that act upon it."""
    heard: dict[str, list[str]] = {}
    for name, service in services.items():
        for fact_type in service.inbox._handlers.types:
            heard.setdefault(fact_type, []).append(name)
    return heard


def page(services: Mapping[str, Service]) -> str:
    """The text of services/EVENTS.md."""
    heard = hearers(services)
    parts = [_HEAD]
    for service in PACKAGES:
        types = sorted(fact_types(service), key=lambda each: each.name)
        if not types:
            continue
        parts.append(f"\n## {service}\n\n| type | version | who hears it | what happened |\n|---|---|---|---|\n")
        for each in types:
            who = ", ".join(sorted(heard.get(each.name, ()))) or "the feed"
            parts.append(f"| `{each.name}` | {each.version} | {who} | {each.description} |\n")
        for each in types:
            example = json.dumps(each.example, ensure_ascii=False, indent=2, sort_keys=True)
            parts.append(f"\n### {each.name}\n\n```json\n{example}\n```\n")
    return "".join(parts)


def application(service: str) -> FastAPI:
    """The service, made but not started: nothing of what it is told here is ever connected to."""
    told = {
        "TANDEM_DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
        "TANDEM_NATS_URL": "nats://127.0.0.1",
        "TANDEM_INTERNAL_KEYS": "k" * 32,
        "TANDEM_CURSOR_KEY": "c" * 32,
        "TANDEM_ENVIRONMENT": "test",
        "TANDEM_STORAGE_URL": "file:///nowhere",
        "TANDEM_MAIL_URL": "outbox:///nowhere",
    }
    app: FastAPI = importlib.import_module(f"{PACKAGES[service]}.app").create_app(Settings.load(service, told), {})
    return app


if __name__ == "__main__":
    PAGE.write_text(page({name: application(name).state.service for name in PACKAGES}), encoding="utf-8")
