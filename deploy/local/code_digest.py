"""A digest of the code that migrates, so that a start over databases which the same code has migrated loads none of it."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def code_digest() -> str:
    """SHA-256 of every module of the gateway and the services, by name and content, and of the libraries' lock."""
    modules = [path for part in ("gateway", "services") for path in (ROOT / part).rglob("*.py")]
    digest = hashlib.sha256()
    for path in [*sorted(modules), ROOT / "requirements.lock"]:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
