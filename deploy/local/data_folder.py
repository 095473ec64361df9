"""The folder of everything that one installation keeps, used by one run at a time; ``python -m`` this module wipes it."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

from deploy.local.errors import CannotStart, DataFolderBusy, DataFolderUnusable

PARTS = ("logs", "files", "outbox")
LOCK = "lock"


class DataFolder:
    """Created when it is opened, and locked until it is closed or the process ends, however that happens."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    def open(self) -> None:
        """Raises DataFolderUnusable if it cannot be written and DataFolderBusy if another run holds it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for part in PARTS:
                (self.path / part).mkdir(exist_ok=True)
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise DataFolderUnusable(self.path, f"it cannot be written ({error.strerror}).") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise DataFolderBusy(
                f"Tandem is running over {self.path}: stop that run first, or choose another folder."
            ) from error

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def wipe(self) -> None:
        """Remove the folder with everything in it; one that Tandem did not make, or that is in use, is refused."""
        if not self.path.exists():
            return
        if not (self.path / LOCK).is_file():
            raise DataFolderUnusable(self.path, "Tandem did not make it, so it is not wiped.")
        self.open()
        try:
            shutil.rmtree(self.path)
        finally:
            self.close()


if __name__ == "__main__":
    try:
        DataFolder(Path(sys.argv[1])).wipe()
    except CannotStart as reason:
        sys.exit(str(reason))
