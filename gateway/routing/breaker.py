"""Keeps one slow or dead upstream from taking the whole gateway with it: a bound on requests in flight and a circuit.

The circuit opens after a number of failures inside a window, refuses at once while it is open, and then lets a single
probe through; the probe alone decides whether it closes again.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.routing.upstream import UpstreamFailed


class Refused(Exception):
    """The upstream is not asked at all: answer 503 with `Retry-After: retry_after_seconds`."""

    def __init__(self, reason: str, retry_after_seconds: int) -> None:
        super().__init__(reason)
        self.retry_after_seconds: Final = retry_after_seconds


class UpstreamBusy(Refused):
    """As many requests as the upstream may have are in flight already."""


class CircuitOpen(Refused):
    """The upstream failed too often just now."""


class CircuitState(Enum):
    """The three states of a circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Concurrency bound and circuit of one upstream. Not for threads: one event loop owns it.

    Args:
        concurrency: requests in flight at most; one more is refused with UpstreamBusy.
        failures: how many failures within `window_seconds` open the circuit.
        window_seconds: how long a failure counts.
        cooldown_seconds: how long an open circuit refuses before it lets one probe through.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        concurrency: int = 200,
        failures: int = 5,
        window_seconds: float = 10.0,
        cooldown_seconds: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._concurrency = concurrency
        self._failures = failures
        self._window = window_seconds
        self._cooldown = cooldown_seconds
        self._clock = clock
        self._in_flight = 0
        self._failed_at: deque[float] = deque(maxlen=failures)
        self._opened_at: float | None = None
        self._probing = False

    @property
    def in_flight(self) -> int:
        """Requests that entered and did not leave yet."""
        return self._in_flight

    @property
    def state(self) -> CircuitState:
        """The state now; an open circuit turns half open by the passing of time alone."""
        if self._opened_at is None:
            return CircuitState.CLOSED
        if self._clock() - self._opened_at < self._cooldown:
            return CircuitState.OPEN
        return CircuitState.HALF_OPEN

    def enter(self) -> bool:
        """Take a place for one request; hand the answer to `leave`. True where the request is the probe.

        Raises CircuitOpen or UpstreamBusy, and then no place is taken.
        """
        probe = False
        if self._opened_at is not None:
            remaining = self._cooldown - (self._clock() - self._opened_at)
            if remaining > 0 or self._probing:
                raise CircuitOpen("the circuit is open", max(1, math.ceil(remaining)))
            probe = True
        if self._in_flight >= self._concurrency:
            raise UpstreamBusy("too many requests in flight", 1)
        self._in_flight += 1
        self._probing = self._probing or probe
        return probe

    def leave(self, probe: bool, *, failed: bool | None) -> None:
        """Give the place back. `failed` is None where the request ended without telling (the client left)."""
        self._in_flight -= 1
        if probe:
            self._probing = False
        if failed is None:
            return
        if failed:
            self._record_failure(probe)
        elif probe:
            self._opened_at = None
            self._failed_at.clear()

    def _record_failure(self, probe: bool) -> None:
        now = self._clock()
        if probe:
            self._opened_at = now
            return
        if self._opened_at is not None:
            # A request from before the opening: the circuit knows already, and must not stay open longer for it.
            return
        self._failed_at.append(now)
        if len(self._failed_at) == self._failures and now - self._failed_at[0] <= self._window:
            self._opened_at = now


class GuardedUpstream:
    """An upstream behind its breaker, itself an ASGI application.

    Only a failure to get an answer counts (UpstreamFailed and its kinds). A 503 that the service itself wrote does not:
    services answer it on purpose, with Retry-After, when they are behind the positions that the request has seen.
    """

    def __init__(self, upstream: ASGIApp, breaker: Breaker) -> None:
        self._upstream = upstream
        self.breaker: Final = breaker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises what the upstream raises, UpstreamBusy and CircuitOpen."""
        probe = self.breaker.enter()
        failed: bool | None = None
        try:
            await self._upstream(scope, receive, send)
            failed = False
        except UpstreamFailed:
            failed = True
            raise
        finally:
            self.breaker.leave(probe, failed=failed)
