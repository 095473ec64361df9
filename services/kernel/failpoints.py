"""Named places where a test can have the process killed, to prove that nothing is lost or doubled there.

`TANDEM_CRASH=name:k` kills the process with SIGKILL at the k-th passage through `name`. Production refuses to start
with the variable set; without it a failpoint costs one look into an empty dictionary.
"""

import os
import signal

_armed: dict[str, int] = {}


def arm(specification: str | None) -> None:
    """Arm from `name:k`; None disarms."""
    _armed.clear()
    if specification:
        name, _, passage = specification.partition(":")
        _armed[name] = int(passage or 1)


def failpoint(name: str) -> None:
    if not _armed or name not in _armed:
        return
    _armed[name] -= 1
    if _armed[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
