"""The README's story is true: each request that it shows is sent, and each answer that it shows is found in the real one."""

import re
import shlex
from pathlib import Path
from typing import Any

import orjson

from services.kernel.http_client import HttpClient, Response
from tests.factories.system import SystemUnderTest

README = Path(__file__).resolve().parents[2] / "README.md"
FENCE = re.compile(r"^```(sh|http)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
ANYTHING = "…"


def filled(text: str, variables: dict[str, str]) -> str:
    """The text with the shell's variables in place."""
    return re.sub(r"\$([A-Z]+)", lambda match: variables[match[1]], text)


async def send(http: HttpClient, command: str) -> Response:
    """Do what a curl command of the README does; it uses -H, -X, -i and --json."""
    words = shlex.split(command)[1:]
    method, url, headers, body = "GET", "", {}, None
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-X":
            method = words.pop(0)
        elif word == "--json":
            headers["Content-Type"], body = "application/json", words.pop(0)
            method = "POST" if method == "GET" else method
        elif word != "-i":
            url = word
    return await http.request(method, url, headers=headers, content=body)


def shown_in(shown: Any, real: Any) -> bool:
    """Whether all that is shown is there; the README abridges."""
    if shown == ANYTHING:
        return real is not None
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(
            name in real and shown_in(value, real[name]) for name, value in shown.items()
        )
    if isinstance(shown, list):
        return len(shown) == len(real) and all(map(shown_in, shown, real))
    return bool(shown == real)


async def test_the_story_of_the_readme_goes_as_it_is_told(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    variables = {
        "MANAGER": tenant["manager"].token,
        "COORDINATOR": tenant["coordinator"].token,
        "KARI": str(tenant["coordinator"].id),
    }
    answers: list[Response] = []
    told = 0
    for kind, text in FENCE.findall(README.read_text()):
        if kind == "sh":
            for name, value in re.findall(r"^([A-Z]+)=(.+)$", text, flags=re.MULTILINE):
                variables[name] = filled(shlex.split(value)[0], variables).removeprefix("http://127.0.0.1:8080")
            commands = [line for line in text.splitlines() if line.startswith("curl ")]
            answers = [await send(system.http, filled(command, variables)) for command in commands]
            continue
        head, _, body = text.partition("\n\n")
        status, *headers = head.splitlines()
        answer = answers[0]
        assert status.split()[1] == str(answer.status_code), f"{status} is told of {answer.request.url}: {answer.text}"
        for name, value in (header.split(": ") for header in headers):
            assert answer.headers.get(name) == value
        real = orjson.loads(answer.content)
        assert shown_in(orjson.loads(body), real), f"{answer.request.url} answers {answer.text}"
        if answer.status_code in (201, 202):
            variables[real["type"].upper()] = real["id"]
        told += 1
    assert told == 6
