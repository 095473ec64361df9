"""Limits on trying: one row per bucket, counted by one statement, so that no burst slips between a look and a count.

A bucket is a window of time that begins with its first request. What it says travels as `RateLimit-Policy` and
`RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, structured fields).
"""

import asyncio
import hashlib
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from gateway.credentials.installation import INSTALLATION
from gateway.credentials.repository import count_attempt
from services.kernel.database import Database
from services.kernel.problems import Problem
from services.kernel.settings import Settings, SettingsRefused


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts in so many seconds."""

    name: str
    quota: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a bucket, and for how many seconds it counts."""

    limit: Limit
    left: int
    seconds: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"{self.limit.name}";q={self.limit.quota};w={self.limit.seconds}',
            "RateLimit": f'"{self.limit.name}";r={self.left};t={self.seconds}',
        }


# By what is tried: a password for one account; anything secret from one address; mail to one address; an OAuth secret.
DEFAULTS: Final[Mapping[str, Limit]] = {
    each.name: each
    for each in (
        Limit("account", 10, 300),
        Limit("address", 60, 60),
        Limit("mail", 5, 900),
        Limit("client", 60, 60),
    )
}


class TooManyRequests(Problem):
    status: ClassVar[int] = 429
    code = "too_many_requests"
    retryable = True
    title = {"en": "Too many attempts", "nb": "For mange forsøk"}
    detail = {"en": "Wait {seconds} seconds and try again.", "nb": "Vent {seconds} sekunder og prøv igjen."}

    def __init__(self, standing: Standing) -> None:
        headers = standing.headers() | {"Retry-After": str(standing.seconds)}
        super().__init__(headers=headers, seconds=standing.seconds)


def limits_of(settings: Settings) -> Mapping[str, Limit]:
    """The limits that are in force; none where they are `off`. Raises SettingsRefused.

    The setting names those that differ: `account=10/300,mail=5/900` is ten attempts in five minutes and five mails in
    fifteen.
    """
    text = settings.rate_limits.strip()
    if text == "off":
        return {}
    limits = dict(DEFAULTS)
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"\s*([a-z]+)=([1-9][0-9]{0,6})/([1-9][0-9]{0,5})\s*", part)
        if match is None or match[1] not in limits:
            raise SettingsRefused(
                f"TANDEM_RATE_LIMITS is off, or name=attempts/seconds joined by commas, of {', '.join(DEFAULTS)}"
            )
        limits[match[1]] = Limit(match[1], int(match[2]), int(match[3]))
    return limits


class RateLimiter:
    """Counts attempts by what they are about. Several processes count together, since the rows are the database's."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self.limits = limits
        # A flood must not take the connections that everybody's reads are waiting for.
        self._turns = asyncio.Semaphore(4)
        # Buckets that are known to be empty, and until when, so that a flood costs no statement each.
        self._empty: dict[str, float] = {}

    async def take(self, database: Database, **subjects: str) -> dict[str, str]:
        """Count one attempt in each named bucket, in the order given; the first that is empty ends it.

        Returns the headers of the bucket with the least left. Raises TooManyRequests.
        """
        standings: list[Standing] = []
        for name, subject in subjects.items():
            limit = self.limits.get(name)
            if limit is None:
                continue
            key = f"{name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
            async with self._turns:
                self._refuse_empty(key, limit)
                row = await self._count(database, key, limit)
            if row["taken"] > limit.quota:
                self._remember_empty(key, row["seconds"])
                raise TooManyRequests(Standing(limit, 0, row["seconds"]))
            standings.append(Standing(limit, limit.quota - row["taken"], row["seconds"]))
        return min(standings, key=lambda each: each.left).headers() if standings else {}

    def _refuse_empty(self, key: str, limit: Limit) -> None:
        seconds = self._empty.get(key, 0.0) - time.monotonic()
        if seconds > 0:
            raise TooManyRequests(Standing(limit, 0, math.ceil(seconds)))

    def _remember_empty(self, key: str, seconds: int) -> None:
        if len(self._empty) > 10_000:
            self._empty.clear()
        # The database rounds its seconds up; to look once more a little early does no harm.
        self._empty[key] = time.monotonic() + seconds - 1

    async def _count(self, database: Database, key: str, limit: Limit) -> Any:
        """One statement in a transaction of its own, which counts whatever becomes of the request."""
        async with database.brief(INSTALLATION) as session:
            return await count_attempt(session, key, limit.quota, limit.seconds)
