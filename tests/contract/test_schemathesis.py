"""Schemathesis reads the description and tries what it allows, and what it forbids, on the running system.

`make test` runs it with a small budget, `make fuzz` with a large one (FUZZ_SECONDS, for each of the two tokens).
"""

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import uvicorn

from tests.contract.inventory import Inventory
from tests.contract.operations import Description
from tests.factories.system import SystemUnderTest

SECONDS = int(os.environ.get("FUZZ_SECONDS", "75"))
FEWEST_CASES = 250  # With each of the two tokens.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)


@pytest.fixture(scope="module")
async def address(system: SystemUnderTest) -> AsyncIterator[str]:
    """The system behind a real server on loopback."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    # All filters at once, each as long as it may be, make a longer URL than servers take without being told to.
    config = uvicorn.Config(
        system.pipe, lifespan="off", log_level="error", http="h11", h11_max_incomplete_event_size=4 * 1024 * 1024
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving
    listening.close()


def configuration(inventory: Inventory, description: Description) -> str:
    """Real ids for the paths' parameters, so that what is tried reaches more than a 404."""
    ids = {parameter: inventory.ids[noun] for operation in description for noun, parameter in operation.places}
    lines = [f'"path.{parameter}" = "{object_id}"' for parameter, object_id in sorted(ids.items())]
    # A long poll would only wait.
    return "\n".join(["color = false", "[parameters]", *lines, '"query.wait" = 0', ""])


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["ours", "theirs"])
async def test_the_system_does_what_its_description_says_whatever_it_is_sent(
    ours: Inventory, theirs: Inventory, description: Description, address: str, tmp_path: Path, whose: str
) -> None:
    """`theirs` asks with another tenant's token for the objects of ours, and must meet the same manners."""
    token = (ours if whose == "ours" else theirs).tenant["manager"].token
    (tmp_path / "schemathesis.toml").write_text(configuration(ours, description))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml")),
        *("run", f"{address}/v1/openapi.json", "--url", address, "--header", f"Authorization: Bearer {token}"),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--exclude-path-regex", "/stream$"),
        *("--max-time", str(SECONDS), "--continue-on-failure", "--request-timeout", "20", "--seed", "1"),
        *("--suppress-health-check", "all", "--warnings", "off", "--workers", "1"),
    ]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    report = (await process.communicate())[0].decode()
    told = re.sub(r"(.)\1{60,}", r"\1…", report.replace(token, "…").replace(quote(token), "…"))
    assert process.returncode == 0, told[-20_000:]
    cases = re.search(r"Test cases:\s+(\d+) generated", told)
    assert cases is not None, told[-2_000:]
    assert int(cases[1]) >= FEWEST_CASES, told[-2_000:]
