"""The tree keeps its shape: services stand alone, areas look alike, and each kind of code stays where it belongs."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "gateway": ROOT / "gateway",
    "planning": ROOT / "services" / "planning",
    "coordination": ROOT / "services" / "coordination",
    "reporting": ROOT / "services" / "reporting",
}
KERNEL = ROOT / "services" / "kernel"
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "manager",
    "managers",
    "core",
    "base_classes",
    "shared",
}
BOOT = """
import sys
from {package}.app import create_app
from services.kernel.settings import Settings
settings = {{
    "TANDEM_DATABASE_URL": "postgresql://nobody@127.0.0.1/none", "TANDEM_NATS_URL": "nats://127.0.0.1",
    "TANDEM_INTERNAL_KEYS": "k" * 40, "TANDEM_CURSOR_KEY": "c" * 40, "TANDEM_ENVIRONMENT": "test",
    "TANDEM_STORAGE_URL": "file:///nowhere", "TANDEM_MAIL_URL": "outbox:///nowhere",
}}
app = create_app(Settings.load("{service}", settings), {{}})
assert app.openapi()["paths"]
strangers = [name for name in sys.modules if name.startswith({strangers!r})]
assert not strangers, strangers
"""


def modules(*folders: Path) -> Iterator[Path]:
    """Every module of the code but the migrations' steps, which Alembic writes and loads."""
    for folder in folders or (*FOLDERS.values(), KERNEL, ROOT / "deploy"):
        yield from (path for path in sorted(folder.rglob("*.py")) if "versions" not in path.parts)


def areas() -> Iterator[Path]:
    """The folders of a deployable that offer routes."""
    for folder in FOLDERS.values():
        yield from (
            each for each in sorted(folder.iterdir()) if (each / "routes.py").exists() or (each / "routes").is_dir()
        )


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("service", FOLDERS)
def test_a_service_boots_from_its_own_files_and_the_kernel(service: str, tmp_path: Path) -> None:
    source = FOLDERS[service]
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(KERNEL, tmp_path / "services" / "kernel", ignore=ignored)
    shutil.copy(ROOT / "services" / "__init__.py", tmp_path / "services")
    shutil.copytree(source, tmp_path / source.relative_to(ROOT), ignore=ignored)
    package = ".".join(source.relative_to(ROOT).parts)
    strangers = tuple(
        f"{'.'.join(other.relative_to(ROOT).parts)}." for name, other in FOLDERS.items() if name != service
    )
    program = BOOT.format(package=package, service=service, strangers=(*strangers, "deploy"))
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, f"{service} needs more than its own files:\n{run.stderr[-3000:]}"


def test_a_name_says_what_is_inside() -> None:
    vague = [named(path) for path in modules() if path.stem in VAGUE or path.parent.name in VAGUE]
    assert not vague, f"Name it after what it holds: {vague}"


def test_every_module_opens_with_what_it_is_for() -> None:
    silent = [
        named(path)
        for path in (*modules(), *sorted((ROOT / "tests").rglob("*.py")))
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert not silent, f"Begin it with a docstring of one to three sentences: {silent}"


@pytest.mark.parametrize("area", list(areas()), ids=named)
def test_an_area_has_the_files_of_its_roles(area: Path) -> None:
    present = {path.stem if path.suffix == ".py" else path.name for path in area.iterdir()}
    routes = "".join(path.read_text() for path in modules(area) if "routes" in (path.stem, path.parent.name))
    wanted: set[str] = set()
    if "response_model" in routes:
        wanted.add("schemas")
    if "Reading" in routes:
        wanted.add("repository")
    if re.search(r"\b(Keyed)?Writing\b", routes):
        wanted |= {"use_cases", "events"}
    # The reference and the feed show what others have declared, and have no shapes or statements of their own to part.
    missing = wanted - present - {"schemas" if area.name in ("reference", "feed") else ""}
    if area.name == "upserts":
        # It writes through the use cases of the other areas, whose statements and facts they are.
        missing -= {"repository", "events"}
    assert not missing, f"{named(area)} has no {sorted(missing)}: one place for each role (house style, section 4)"


SQL = re.compile(
    r"^\s*(select\s.+\bfrom\b|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s)", re.IGNORECASE | re.DOTALL
)


def test_every_statement_of_an_area_stands_in_its_repository() -> None:
    astray = []
    for path in modules(*areas()):
        if "repository" in (path.stem, path.parent.name):
            continue
        astray += [
            f"{named(path)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
        ]
    assert not astray, f"Move the statement to the area's repository.py: {astray}"


def test_nobody_commits_but_whoever_opened_the_transaction() -> None:
    astray = []
    for path in modules(*FOLDERS.values()):
        role = path.stem if path.stem in ("use_cases", "repository", "handlers") else path.parent.name
        if role in ("use_cases", "repository", "handlers"):
            astray += [
                f"{named(path)}:{node.lineno}"
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback")
            ]
    assert not astray, f"Flush, and leave the commit to the request or the reader: {astray}"


def test_one_module_alone_speaks_http_to_others() -> None:
    """Calls leave through one client, without redirects, or through the gateway's pipe."""
    allowed = {"services/kernel/http_client.py", "gateway/routing/upstream.py"}
    astray = []
    for path in modules(*FOLDERS.values(), KERNEL):
        tree = ast.parse(path.read_text())
        imported = {
            name.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for name in node.names
        } | {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if imported & {"httpx", "aiohttp", "requests", "urllib3"} and named(path) not in allowed:
            astray.append(named(path))
    assert not astray, f"Use services.kernel.http_client: {astray}"


def test_no_setting_of_a_session_outlives_its_transaction() -> None:
    """A `SET` without LOCAL would follow its connection into another tenant's transaction."""
    loose = re.compile(r"\bset\s+(session\s+)?app\.|set_config\([^)]*,\s*false\)", re.IGNORECASE)
    astray = [named(path) for path in modules(*FOLDERS.values(), KERNEL) if loose.search(path.read_text())]
    assert not astray, f"Say SET LOCAL: {astray}"


@pytest.mark.parametrize("tier", ["unit", "service"])
def test_tests_mirror_the_tree(tier: str) -> None:
    astray = []
    for path in sorted((ROOT / "tests" / tier).rglob("test_*.py")):
        owner, *below = path.relative_to(ROOT / "tests" / tier).parent.parts
        beside = ROOT / "services" / owner if (ROOT / "services" / owner).is_dir() else ROOT / owner
        if not beside.joinpath(*below).is_dir():
            astray.append(named(path))
    assert not astray, f"Put a test where the code that it tries stands: {astray}"


def test_tests_are_sentences() -> None:
    curt = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        curt += [
            f"{named(path)}::{node.name}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
            and len(node.name.split("_")) < 3
        ]
    assert not curt, f"Say what is true: {curt}"
