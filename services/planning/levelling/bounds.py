"""Lower bounds of the makespan that need no search: the critical path, and what each resource can do in the time."""

from services.planning.levelling.problem import Activity, Precedence, Problem, Shift, Use


def heads(problem: Problem) -> list[int]:
    """The earliest start of each activity if resources were free."""
    found = [each.release for each in problem.activities]
    into = _links_into(problem)
    for i in problem.order:
        activity = problem.activities[i]
        for predecessor, from_end, to_end, lag in into[i]:
            start = found[predecessor]
            moment = lag.at(problem.activities[predecessor].end.at(start) if from_end else start)
            found[i] = max(found[i], activity.end.first_reaching(moment) if to_end else moment)
    return found


def latest_starts(problem: Problem, finish: int) -> list[int]:
    """The latest start of each activity for all to end by `finish`, if resources were free."""
    ends = [finish] * len(problem.activities)
    found = [finish if each.latest is None else each.latest for each in problem.activities]
    out: list[list[Precedence]] = [[] for _ in problem.activities]
    for link in problem.precedences:
        out[link.predecessor].append(link)
    for i in reversed(problem.order):
        activity = problem.activities[i]
        for link in out[i]:
            follower = problem.activities[link.successor]
            last = found[link.successor]
            moment = link.lag.last_within(follower.end.at(last) if link.to_end else last)
            if link.from_end:
                ends[i] = min(ends[i], moment)
            else:
                found[i] = min(found[i], moment)
        found[i] = min(found[i], activity.end.last_within(ends[i]))
    return found


def lower_bound(problem: Problem) -> int:
    """No schedule ends earlier: the longer of the critical path and of each resource's work behind any point.

    Work that cannot begin before `h` and is followed by at least `q` takes until h + work / capacity + q.
    """
    early, late = heads(problem), _tails(problem)
    ends = [each.end.at(start) for each, start in zip(problem.activities, early, strict=True)]
    best = max((end + tail for end, tail in zip(ends, late, strict=True)), default=0)
    for r, resource in enumerate(problem.resources):
        room = max(resource.free(problem.horizon), default=0)
        if not room:
            continue
        users = sorted(
            (
                (early[i], late[i] + _margin(each, use, problem.horizon), use.amount * length(use, problem.horizon))
                for i, each in enumerate(problem.activities)
                for use in each.uses
                if use.resource == r
            ),
            reverse=True,
        )
        work, tail = 0, 1 << 60
        for head, behind, energy in users:
            work, tail = work + energy, min(tail, behind)
            best = max(best, head - (-work // room) + tail)
    return best


def length(use: Use, horizon: int) -> int:
    """For how many slots the use lasts at the least."""
    if use.begin.table is None and use.end.table is None:
        return max(0, use.end.offset - use.begin.offset)
    # Behind the last slot that calendars know of, a table stands still.
    return min((use.end.at(s) - use.begin.at(s) for s in range(horizon) if use.end.at(s) < horizon), default=0)


def _margin(activity: Activity, use: Use, horizon: int) -> int:
    """How long the activity at least goes on behind the use; below nothing where it may end before."""
    if activity.end == use.end:
        return 0
    return min(activity.end.at(start) - use.end.at(start) for start in range(horizon + 1))


def _tails(problem: Problem) -> list[int]:
    """For each activity how much has to pass between its end and the end of all; where tables decide, nothing is claimed."""
    found = [0] * len(problem.activities)
    rank = {i: place for place, i in enumerate(problem.order)}
    for link in sorted(problem.precedences, key=lambda each: -rank[each.predecessor]):
        follower = problem.activities[link.successor]
        if link.from_end and not link.to_end and link.lag.table is None and follower.end.table is None:
            behind = link.lag.offset + follower.end.offset + found[link.successor]
            found[link.predecessor] = max(found[link.predecessor], behind)
    return found


def _links_into(problem: Problem) -> list[list[tuple[int, bool, bool, Shift]]]:
    into: list[list[tuple[int, bool, bool, Shift]]] = [[] for _ in problem.activities]
    for link in problem.precedences:
        into[link.successor].append((link.predecessor, link.from_end, link.to_end, link.lag))
    return into
