"""What the pages state about the tree is true: links, paths, modules, settings, commands and routes."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from deploy import event_catalogue
from deploy.compose_secrets import environment_file
from gateway.routing.routing_table import resolve
from services.kernel.settings import PREFIX, SERVICES, Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(
    sorted(
        page.relative_to(ROOT).as_posix()
        for folder in ("*.md", "services/*.md", "deploy/*.md")
        for page in ROOT.glob(folder)
    )
)
EXPECTED = {
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "services/README.md",
    "services/DECISIONS.md",
    "services/EVENTS.md",
    "deploy/RUNBOOK.md",
}
FENCE = re.compile(r"^ *```(?P<language>[a-z]*)\n(?P<code>.*?)^ *```$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]+\]\((?P<target>[^)\s]+)\)")
INLINE = re.compile(r"`([^`\n]+)`")
# A path in the tree, as people write one: with a folder and a known ending, or with a slash at its end.
PATH = re.compile(r"[A-Za-z_.][\w.-]*(?:/[\w.-]+)*(?:/|/[\w-]+\.(?:py|md|sql|sh|toml|conf|yml|typ))")
ROUTE = re.compile(r"/v1/[a-z0-9_{}/.-]+")
OWNERS = {
    "kernel": "kernel/",
    "planning": "planning/",
    "coordination": "coordination/",
    "reporting": "reporting/",
    "gateway": "../gateway/",
}
GLOSSARY = "services/README.md"
# Words of the API whose term is no plain singular of them.
SINGULARS = {
    "me": "person",
    "people": "person",
    "success-criteria": "success criterion",
    "openapi.json": "reference",
    "assets": "reference",
    "policy": "authority policy",
    "pdf": "status report",
    "page": "status report",
    "versions": "document version",
    "batch": "batch",
    "minutes": "minutes",
    "stream": "event feed",
    "events": "event feed",
    "authority": "authority policy",
    "content": "document version",
    "searches": "search",
    "sign-in-attempts": "sign-in attempt",
    "sign-in-completions": "sign-in completion",
    "oauth": "oauth client",
    "revocation": "token",
}


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def prose_of(page: str) -> str:
    return FENCE.sub("", text_of(page))


def code_of(page: str) -> str:
    """Everything in code fences (but pictures) and between backticks."""
    fences = [match["code"] for match in FENCE.finditer(text_of(page)) if match["language"] != "mermaid"]
    return "\n".join([*fences, *INLINE.findall(prose_of(page))])


def anchors_of(page: Path) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def templates() -> set[str]:
    """The paths of all routes of the API, as the routers declare them."""
    sources = (*ROOT.glob("services/**/*.py"), *ROOT.glob("gateway/**/*.py"))
    declared = re.compile(r'@router\.(?:get|post|put|patch|delete)\(\s*"(/v1/[^"]+)"')
    return {path for source in sources for path in declared.findall(source.read_text())}


def glossary() -> list[tuple[str, str, str, str]]:
    """Term, meaning, owner and module of each row; nothing while the page is missing."""
    page = ROOT / GLOSSARY
    lines = page.read_text().splitlines() if page.exists() else []
    rows = [tuple(line.strip("| ").split(" | ")) for line in lines if line.startswith("| ")]
    return [(row[0], row[1], row[2], row[3]) for row in rows if len(row) == 4 and row[0] != "term"]


def test_the_pages_that_a_newcomer_meets_are_there() -> None:
    assert set(PAGES) >= EXPECTED


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for match in LINK.finditer(prose_of(page)):
        target, _, anchor = match["target"].partition("#")
        if "://" in target:
            continue
        file = (ROOT / page).parent / target if target else ROOT / page
        assert file.exists(), f"{page} links to {match['target']}, which is not there"
        assert not anchor or anchor in anchors_of(file), (
            f"{page} links to the heading {anchor}, which {file.name} has not"
        )


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    for code in INLINE.findall(prose_of(page)):
        if PATH.fullmatch(code) and not code.startswith("."):
            beside = (ROOT / code, (ROOT / page).parent / code)
            assert any(each.exists() for each in beside), f"{page} names {code}, which is not there"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_make_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z.]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = re.findall(r"\bmake(?: [A-Z]+=\S+)* ([a-z.]+)", code_of(page))
    assert set(named) <= targets, f"{page} names targets that the Makefile has not: {set(named) - targets}"


@pytest.mark.parametrize("page", PAGES)
def test_every_module_that_is_run_exists(page: str) -> None:
    for module in re.findall(r"python3? -m ([\w.]+)", code_of(page)):
        assert importlib.util.find_spec(module), f"{page} runs {module}, which is not there"
    for module, factory in re.findall(r"\b([a-z][\w.]+):(create_\w+)", code_of(page)):
        assert hasattr(importlib.import_module(module), factory), (
            f"{page} serves {module}:{factory}, which is not there"
        )


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_exists(page: str) -> None:
    fields = {name.upper() for name in Settings.model_fields if name != "service"}
    of_services = {f"{PREFIX}{service.upper()}_{name}" for service in SERVICES for name in fields}
    readers = (*(ROOT / "deploy/local").glob("*.py"), *(ROOT / "services/kernel").glob("*.py"))
    launchers = "".join(source.read_text() for source in readers)
    launchers += (ROOT / "docker-compose.yml").read_text() + environment_file()
    known = {f"{PREFIX}{name}" for name in fields} | of_services | set(re.findall(r"TANDEM_[A-Z_]+[A-Z]", launchers))
    named = set(re.findall(r"\bTANDEM_[A-Z_]+[A-Z]\b", text_of(page)))
    assert named <= known, f"{page} names settings that nothing reads: {named - known}"


def test_the_tree_shows_every_folder_of_the_code_and_no_other() -> None:
    drawing = text_of("ARCHITECTURE.md").partition("## The tree")[2]
    found = FENCE.search(drawing)
    assert found
    above: list[str] = []
    shown = set()
    for indent, name in re.findall(r"^( *)(\w+)/", found["code"], flags=re.MULTILINE):
        above = [*above[: len(indent) // 2], name]
        shown.add("/".join(above))
    patterns = ("gateway/*", "services/*", "services/*/*", "deploy/*")
    folders = {path.relative_to(ROOT).as_posix() for each in patterns for path in ROOT.glob(each) if path.is_dir()}
    # Every service has migrations, and the drawing says so once; the kernel is flat.
    real = {path for path in folders if not re.search(r"__pycache__|services/\w+/migrations$", path)}
    assert shown == real | {"gateway", "services", "deploy", "tests"}


def test_the_catalogue_of_events_is_what_the_code_says() -> None:
    assert event_catalogue.PAGE.read_text() == event_catalogue.page(), "Run `make events`"


def test_the_runbook_names_every_setting_with_its_default() -> None:
    rows = {
        line.split("`")[1]: line for line in text_of("deploy/RUNBOOK.md").splitlines() if line.startswith("| `TANDEM_")
    }
    for name, field in Settings.model_fields.items():
        if name == "service":
            continue
        row = rows.pop(f"{PREFIX}{name.upper()}", None)
        assert row is not None, f"Describe {PREFIX}{name.upper()} in deploy/RUNBOOK.md"
        default = "required" if field.is_required() else "none" if field.default is None else f"`{field.default}`"
        assert f"| {default} |" in row, f"{PREFIX}{name.upper()}: the default is {default}"
        assert (field.description or "") in row, f"{PREFIX}{name.upper()}: say it as services/kernel/settings.py does"


@pytest.mark.parametrize("page", PAGES)
def test_every_route_that_is_named_exists(page: str) -> None:
    shapes = [re.compile(re.sub(r"\\\{\w+(:path)?\\\}", "[^/]+", re.escape(template))) for template in templates()]
    for named in ROUTE.findall(code_of(page)):
        path = re.sub(r"\{[^}]*\}|\$\{?\w+\}?", "x", named.rstrip("."))
        assert any(shape.fullmatch(path) for shape in shapes), f"{page} names {named}, which no route answers"
        assert resolve(path) is not None, f"{page} names {named}, which the gateway leads nowhere"


def test_the_glossary_gives_each_term_one_meaning_in_alphabetical_order() -> None:
    terms = [term.lower() for term, _, _, _ in glossary()]
    assert terms
    assert len(set(terms)) == len(terms), sorted({term for term in terms if terms.count(term) > 1})
    assert terms == sorted(terms)


@pytest.mark.parametrize("row", glossary(), ids=lambda row: row[0])
def test_a_term_of_the_glossary_has_a_meaning_and_stands_in_its_owners_code(row: tuple[str, str, str, str]) -> None:
    term, meaning, owner, module = row
    assert meaning.endswith("."), f"{term}: write the meaning as a sentence"
    link = LINK.fullmatch(module)
    assert link, f"{term}: link the module"
    assert (ROOT / "services" / link["target"]).exists(), f"{term}: {link['target']} is not there"
    assert link["target"].startswith(OWNERS[owner]), f"{term}: {link['target']} is not {owner}'s"


@pytest.mark.parametrize("name", ["requirements", "requirements-optimize", "requirements-dev", "requirements-boot"])
def test_every_library_has_its_reason(name: str) -> None:
    record = text_of("services/DECISIONS.md").partition("## 31. Why each library")[2]
    reasons = {
        library for row in re.findall(r"^\| ([^|]+) \|", record, flags=re.MULTILINE) for library in row.split(", ")
    }
    wanted = set(re.findall(r"^([A-Za-z0-9-]+)[^=\n]*==", text_of(f"{name}.in").lower(), flags=re.MULTILINE))
    assert wanted <= reasons, f"Say in services/DECISIONS.md why: {sorted(wanted - reasons)}"


def test_every_noun_of_the_api_is_in_the_glossary() -> None:
    terms = {term.lower() for term, _, _, _ in glossary()}
    missing = set()
    for template in templates():
        for word in re.sub(r"\{\w+(:path)?\}", "", template.removeprefix("/v1/")).strip("/").split("/"):
            singular = SINGULARS.get(word) or re.sub(r"ies$", "y", word).removesuffix("s").replace("-", " ")
            if word and singular not in terms and word not in terms:
                missing.add(singular)
    assert not missing, f"Explain these in {GLOSSARY}: {sorted(missing)}"
