"""The locks install the same files everywhere, and from whichever registry the reader uses."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements-boot", "requirements", "requirements-optimize", "requirements-dev")
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[a-z,]+\])?==(?P<version>[^\s;]+)")


def requirements(file: Path) -> list[str]:
    """The requirements of a lock or source file, continuation lines joined, comments and includes left out."""
    text = re.sub(r"\\\n", " ", file.read_text())
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: Path) -> dict[str, str]:
    found = {}
    for requirement in requirements(file):
        pinned = PINNED.match(requirement)
        assert pinned, f"{file.name}: pin one exact version: {requirement[:80]}"
        found[normalised(pinned["name"])] = pinned["version"]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    text = (ROOT / f"{name}.lock").read_text()
    addresses = re.findall(r"\S*(?:://|--index|--extra-index|--find-links|--trusted-host)\S*", text)
    assert not addresses, f"Compile {name}.lock with `make lock`, which leaves addresses out: {addresses[:3]}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_requirement_is_pinned_exactly_and_hashed(name: str) -> None:
    locked = requirements(ROOT / f"{name}.lock")
    assert locked
    pins(ROOT / f"{name}.lock")
    unhashed = [line[:60] for line in locked if not re.search(r"--hash=sha256:[0-9a-f]{64}", line)]
    assert not unhashed, f"Compile {name}.lock with `make lock`, which adds hashes: {unhashed}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_wanted_requirement_is_pinned_exactly_and_locked_at_that_version(name: str) -> None:
    wanted, locked = pins(ROOT / f"{name}.in"), pins(ROOT / f"{name}.lock")
    behind = {package for package, version in wanted.items() if locked.get(package) != version}
    assert not behind, f"Run `make lock`: {name}.lock is behind {name}.in for {sorted(behind)}"


def test_the_tests_run_on_what_is_shipped() -> None:
    shipped, tested = pins(ROOT / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    assert shipped == {name: tested.get(name) for name in shipped}
