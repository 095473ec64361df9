"""The breaker of an upstream: a bound on requests in flight, and a circuit with a single probe."""

import pytest
from starlette.types import Receive, Scope, Send

from gateway.routing.breaker import Breaker, CircuitOpen, CircuitState, GuardedUpstream, UpstreamBusy
from gateway.routing.upstream import ClientGone, UpstreamFailed


class Clock:
    """Monotonic seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(concurrency=2, failures=3, window_seconds=10, cooldown_seconds=5, clock=clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.leave(breaker.enter(), failed=True)


def test_one_request_more_than_the_bound_is_refused_until_a_place_is_free(breaker: Breaker) -> None:
    first = breaker.enter()
    breaker.enter()

    with pytest.raises(UpstreamBusy) as refusal:
        breaker.enter()
    assert refusal.value.retry_after_seconds == 1
    assert breaker.in_flight == 2

    breaker.leave(first, failed=False)
    breaker.enter()


def test_enough_failures_inside_the_window_open_the_circuit(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.state is CircuitState.CLOSED
    fail(breaker)

    assert breaker.state is CircuitState.OPEN
    with pytest.raises(CircuitOpen) as refusal:
        breaker.enter()
    assert refusal.value.retry_after_seconds == 5
    assert breaker.in_flight == 0


def test_failures_far_apart_do_not_open_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(10):
        fail(breaker)
        clock.now += 6

    assert breaker.state is CircuitState.CLOSED


def test_after_the_cooldown_one_probe_goes_through_and_closes_the_circuit(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    assert breaker.state is CircuitState.HALF_OPEN

    probe = breaker.enter()
    assert probe
    with pytest.raises(CircuitOpen):
        breaker.enter()
    breaker.leave(probe, failed=False)

    assert breaker.state is CircuitState.CLOSED
    fail(breaker, 2)
    assert breaker.state is CircuitState.CLOSED, "failures from before the opening are forgotten"


def test_a_failed_probe_opens_it_for_another_cooldown(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    fail(breaker)

    assert breaker.state is CircuitState.OPEN
    clock.now += 4.9
    assert breaker.state is CircuitState.OPEN


def test_a_probe_whose_client_left_tells_nothing_and_frees_the_way_for_the_next(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    breaker.leave(breaker.enter(), failed=None)

    assert breaker.state is CircuitState.HALF_OPEN
    assert breaker.enter()


def test_a_request_from_before_the_opening_changes_nothing_when_it_ends(breaker: Breaker, clock: Clock) -> None:
    early, earlier = breaker.enter(), breaker.enter()
    breaker.leave(early, failed=True)
    fail(breaker, 2)
    clock.now += 4
    breaker.leave(earlier, failed=False)
    assert breaker.state is CircuitState.OPEN

    clock.now += 1
    assert breaker.state is CircuitState.HALF_OPEN


async def test_only_an_upstream_that_gives_no_answer_counts_as_failed(breaker: Breaker) -> None:
    outcomes: list[Exception | None] = [None, ClientGone(), ValueError(), None]

    async def upstream(scope: Scope, receive: Receive, send: Send) -> None:
        if (error := outcomes.pop()) is not None:
            raise error

    async def no_messages() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def nowhere(message: object) -> None:
        raise AssertionError(message)

    guarded = GuardedUpstream(upstream, breaker)
    for expected in (None, ValueError, ClientGone, None):
        if expected is None:
            await guarded({}, no_messages, nowhere)
        else:
            with pytest.raises(expected):
                await guarded({}, no_messages, nowhere)
    assert breaker.state is CircuitState.CLOSED

    outcomes[:] = [UpstreamFailed("refused", reached=False)] * 3
    for _ in range(3):
        with pytest.raises(UpstreamFailed):
            await guarded({}, no_messages, nowhere)
    assert breaker.in_flight == 0
    with pytest.raises(CircuitOpen):
        await guarded({}, no_messages, nowhere)
