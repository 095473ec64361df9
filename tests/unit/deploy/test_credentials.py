"""Secrets are drawn once and kept private."""

from pathlib import Path

import pytest

from deploy.local.credentials import Credentials
from deploy.local.errors import DataFolderUnusable


def test_a_secret_is_the_same_in_every_run_and_another_for_every_name(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    drawn = Credentials(file).secret("planning")
    assert Credentials(file).secret("planning") == drawn
    assert Credentials(file).secret("gateway") != drawn
    assert len(drawn) >= 32


def test_the_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    Credentials(file).secret("planning")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("damaged", "reason"), [("{half", "cannot be read"), ("[]", "holds no"), ('{"a": 1}', "holds no")]
)
def test_a_damaged_file_is_not_replaced_by_new_secrets(tmp_path: Path, damaged: str, reason: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(damaged)
    with pytest.raises(DataFolderUnusable, match=reason):
        Credentials(file)
    assert file.read_text() == damaged
