"""The passwords and keys of one installation, drawn once and kept in a file that only its owner may read."""

import json
import os
import secrets
from pathlib import Path

from deploy.local.errors import DataFolderUnusable


class Credentials:
    """Secrets by name; a name asked for the first time gets 32 random bytes, URL-safe."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            content = json.loads(file.read_text()) if file.exists() else {}
        except (OSError, ValueError) as error:
            raise DataFolderUnusable(file.parent, f"its secrets file {file.name} cannot be read ({error}).") from error
        if not isinstance(content, dict) or not all(isinstance(secret, str) for secret in content.values()):
            raise DataFolderUnusable(file.parent, f"its secrets file {file.name} holds no secrets by name.")
        self._secrets: dict[str, str] = content

    def secret(self, name: str) -> str:
        """The secret of that name, the same in every later run."""
        if name not in self._secrets:
            self._secrets[name] = secrets.token_urlsafe(32)
            self._write()
        return self._secrets[name]

    def _write(self) -> None:
        # Written beside and renamed, since half a file would lock everybody out of the data.
        fresh = self._file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self._secrets, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)
