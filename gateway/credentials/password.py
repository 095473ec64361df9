"""Passwords as argon2id hashes: the same effort for an address that nobody has, a bounded number at a time."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.kernel.settings import Settings

# OWASP's password storage cheat sheet: argon2id with 19 MiB, two passes, one lane; about 60 ms of one core.
TIME_COST: Final = 2
MEMORY_KIB: Final = 19 * 1024
AT_A_TIME: Final = 2


class Passwords:
    """Hashes and checks passwords in threads. In the environment `test` a hash costs next to nothing."""

    def __init__(self, settings: Settings) -> None:
        cheap = settings.environment == "test"
        self._hasher = PasswordHasher(
            time_cost=1 if cheap else TIME_COST, memory_cost=8 if cheap else MEMORY_KIB, parallelism=1
        )
        self._turns = asyncio.Semaphore(AT_A_TIME)
        # What is checked where there is no hash, so that nobody can tell by the time that there is none.
        self._nobodys = self._hasher.hash("nobody has this password")
        self.checks = 0

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one of the hash; without a hash never, after the same effort."""
        async with self._turns:
            self.checks += 1
            matched = await asyncio.to_thread(self._verify, stored or self._nobodys, password)
        return matched and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
