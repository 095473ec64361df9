"""The data folder belongs to one run at a time, and only what Tandem made is wiped."""

from pathlib import Path

import pytest

from deploy.local.data_folder import DataFolder
from deploy.local.errors import DataFolderBusy, DataFolderUnusable


def test_a_folder_in_use_is_neither_opened_nor_wiped(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
    first.open()
    with pytest.raises(DataFolderBusy, match="Tandem is running over"):
        second.open()
    with pytest.raises(DataFolderBusy):
        second.wipe()
    first.close()
    second.open()
    second.close()


def test_wiping_removes_everything_and_may_be_repeated(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.open()
    folder.close()
    folder.wipe()
    folder.wipe()
    assert not (tmp_path / "data").exists()


def test_a_folder_that_tandem_did_not_make_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataFolderUnusable, match="Tandem did not make it"):
        DataFolder(tmp_path).wipe()
    assert (tmp_path / "thesis.txt").exists()


def test_a_folder_that_cannot_be_made_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnusable, match="it cannot be written"):
        DataFolder(tmp_path / "file" / "data").open()
