"""The story, played once for each mode against real processes; the tests look at what it leaves behind."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.demo.story import Story, found_tenant
from deploy.local.stack import LocalStack, Mode
from services.kernel.http_client import client


@dataclass
class Played:
    """A running stack and the story that was played on it."""

    stack: LocalStack
    story: Story
    lines: list[str]


@pytest.fixture(scope="module", params=["all-in-one", "separate"])
async def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    mode: Mode = request.param
    data = tmp_path_factory.mktemp("story")
    lines: list[str] = []
    async with (
        LocalStack(data / "stack", mode=mode, environment="test", durable=False) as stack,
        client(stack.public_url, timeout_seconds=60) as http,
    ):
        story = Story(http, data / "report", lines.append)
        await story.gather(await found_tenant(stack.environment))
        for step in story.steps():
            await step()
        yield Played(stack, story, lines)


@pytest.fixture
def report_folder(played: Played) -> Path:
    return played.story.folder
