"""Reasons why something cannot start, each said in a sentence that tells the reader what to do."""

from pathlib import Path


class CannotStart(Exception):
    """Something foreseeable keeps a part from starting; the message is meant for a person at a terminal."""


class BinariesMissing(CannotStart):
    """A server program is not installed, or not for this platform."""


class PortInUse(CannotStart):
    """Another program listens on a port that was asked for."""

    def __init__(self, port: int, purpose: str) -> None:
        super().__init__(
            f"Port {port}, wanted for {purpose}, is in use by another program: stop it or choose another port."
        )


class DataFolderBusy(CannotStart):
    """Another run uses the data folder at this moment."""


class DataFolderUnusable(CannotStart):
    """The data folder cannot be written, is damaged, or belongs to another version."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The data folder {folder} cannot be used: {reason}")
