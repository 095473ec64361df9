"""What a person at a terminal sees of `make run`, with tiny applications in place of the services."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from tests.unit.deploy.stand_in import write_stand_in

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import sys, types
from deploy import run
from deploy.local import stack

stack.APPS = {{"all-in-one": {{"all-in-one": {factory!r}}}}}
migrations = types.ModuleType("services.kernel.migrations")

async def migrate(service, owner_url):
    pass

migrations.migrate = migrate
sys.modules[migrations.__name__] = migrations

async def play(gateway_url, environment, folder):
    print("The story is played.", flush=True)
    return [("Project manager", "maja@example.org")]

story = types.ModuleType("deploy.demo.story")
story.play = play
sys.modules[story.__name__] = story
sys.exit(run.main())
"""


class Terminal:
    """Starts the program over one data folder and reads what it says."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = free_port()
        factory = write_stand_in(folder, "all-in-one")
        (folder / "program.py").write_text(PROGRAM.format(factory=factory))
        self._command = [sys.executable, str(folder / "program.py"), "--data", str(self.data), "--port", str(self.port)]
        # The stack decides the services' settings and path; the stand-in is found through the working folder.
        self._options = {"cwd": folder, "env": os.environ | {"PYTHONPATH": str(ROOT)}}
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **self._options,  # type: ignore[call-overload]
        )

    def read_until(self, words: str) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        said = ""
        while words not in said:
            line = self.process.stdout.readline()
            assert line, f"it ended after saying: {said}{self.process.communicate()[1]}"
            said += line
        return said

    def finish(self, number: signal.Signals | None = None) -> tuple[int, str, str]:
        """Exit status, the rest of what it said, and its errors."""
        assert self.process is not None
        if number is not None:
            self.process.send_signal(number)
        said, errors = self.process.communicate(timeout=60)
        return self.process.returncode, said, errors


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.finish(signal.SIGTERM)


def test_the_first_run_plays_the_story_and_the_second_is_ready_in_seconds_with_its_outcome(terminal: Terminal) -> None:
    terminal.start()
    said = terminal.read_until("Ctrl-C stops it")
    assert "The story is played." in said
    assert f"http://127.0.0.1:{terminal.port}" in said
    assert terminal.finish(signal.SIGINT)[::2] == (0, "")
    begin = time.monotonic()
    terminal.start()
    said = terminal.read_until("Ctrl-C stops it")
    assert time.monotonic() - begin < 15
    assert "The story is played." not in said
    assert "maja@example.org" in said
    status, last_words, errors = terminal.finish(signal.SIGTERM)
    assert (status, errors) == (0, "")
    assert "Stopping" in last_words


def test_ctrl_c_while_it_starts_ends_it_without_a_trace(terminal: Terminal) -> None:
    terminal.start()
    terminal.read_until("Starting Tandem")
    status, _, errors = terminal.finish(signal.SIGINT)
    assert (status, errors) == (0, "")


def test_an_interrupted_story_is_played_again(terminal: Terminal) -> None:
    terminal.start()
    terminal.read_until("Ctrl-C stops it")
    terminal.finish(signal.SIGINT)
    (terminal.data / "story.json").unlink()
    terminal.start()
    assert "The story is played." in terminal.read_until("Ctrl-C stops it")


def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(terminal: Terminal) -> None:
    terminal.data.mkdir()
    (terminal.data / "secrets.json").write_text(json.dumps({})[:1])
    terminal.start()
    status, _, errors = terminal.finish()
    assert status == 1
    assert errors.strip().startswith("Tandem cannot start. The data folder")
    assert "Traceback" not in errors


def test_a_damaged_record_of_the_story_is_told_in_one_sentence_and_stops_what_has_started(terminal: Terminal) -> None:
    terminal.start()
    terminal.read_until("Ctrl-C stops it")
    terminal.finish(signal.SIGINT)
    (terminal.data / "story.json").write_text("[1")
    terminal.start()
    status, _, errors = terminal.finish()
    assert status == 1
    assert errors.strip().startswith("Tandem cannot start. The data folder")
    assert "Traceback" not in errors
