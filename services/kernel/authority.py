"""The authority policy: who may decide which kind of act up to which measured effect. Pure values in, a verdict out.

Kinds and measures are names that the areas choose (`schedule.dates`, `finish_minutes`); nothing here knows what they
mean, so a new decisive act in any service gets graded authority by declaring its kind and measuring its effect.
"""

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, TypeVar

Verdict = Literal["decide", "propose", "no"]
# Operational acts are everyday work; what is to be proposed may be prepared by whoever keeps the project moving; the
# rest is for those who answer for the project.
ActClass = Literal["operational", "propose", "decide"]
# Most acts are judged by the project's policy. Some have no project: the tenant's administrators decide them, or whoever
# they concern; and a decision is judged by the kinds of the proposal that it settles.
Judge = Literal["policy", "tenant", "oneself", "proposal"]

_STRENGTH: Mapping[Verdict, int] = {"no": 0, "propose": 1, "decide": 2}
# Above the manager: tolerances do not bind them, since they are the ones who set them.
ABOVE_THE_MANAGER = frozenset({"owner", "programme_manager", "portfolio_manager"})
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of act: its default class, the measures of its effect that a policy can limit, and who judges it."""

    name: str
    default: ActClass
    title: Mapping[Literal["en", "nb"], str]
    measures: Sequence[str] = ()
    judged_by: Judge = "policy"
    # Whoever stands in for somebody decides everything but who decides.
    delegable: bool = True

    def described(self) -> dict[str, Any]:
        """The kind as the API's description shows it."""
        return {
            "kind": self.name,
            "class": self.default,
            "effects": list(self.measures),
            "judged_by": self.judged_by,
            "delegable": self.delegable,
            "title": dict(self.title),
        }


# Every kind that this process knows, by name. The areas declare theirs in `kinds.py`.
KINDS: dict[str, Kind] = {}


def declare_kind(
    name: str,
    default: ActClass,
    en: str,
    nb: str,
    measures: Sequence[str] = (),
    *,
    judged_by: Judge = "policy",
    delegable: bool = True,
) -> Kind:
    """Declare a kind of act. A name has one meaning, so declaring it a second time is a mistake."""
    if name in KINDS:
        raise ValueError(f"the kind {name} has been declared before")
    KINDS[name] = Kind(name, default, {"en": en, "nb": nb}, tuple(measures), judged_by, delegable)
    return KINDS[name]


def acts(*kinds: Kind) -> Callable[[_Endpoint], _Endpoint]:
    """Say on a route which kinds of act it can be; OpenAPI shows them as `x-authority`."""

    def declare(endpoint: _Endpoint) -> _Endpoint:
        endpoint.acts = kinds  # type: ignore[attr-defined]  # read by acts_of
        return endpoint

    return declare


def acts_of(endpoint: object) -> Sequence[Kind] | None:
    """The kinds that `acts` declared for a route, None where it was not asked."""
    kinds: Sequence[Kind] | None = getattr(endpoint, "acts", None)
    return kinds


@dataclass(frozen=True, slots=True)
class Authority:
    """What the policy says of one act: the verdict, what stood in the way of deciding it, and as what it was judged."""

    verdict: Verdict
    exceeded: tuple[str, ...] = ()
    role: str | None = None
    delegation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Hat:
    """As what somebody may act on a project: their role, or one that was lent to them, perhaps for some kinds only.

    What was lent by `grants` is judged under them and under the lender's role.
    """

    role: str
    kinds: Sequence[str] = ("*",)
    grants: Sequence[Mapping[str, Any]] | None = None
    delegation_id: str | None = None

    def covers(self, kind: str) -> bool:
        if self.delegation_id is not None and kind in KINDS and not KINDS[kind].delegable:
            return False
        return any(fnmatch.fnmatchcase(kind, pattern) for pattern in self.kinds)


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be judged: its kinds, what it measured, and who carries it out how.

    `approvals` are the deciders behind the proposal that is carried out, 0 where nobody proposed anything.
    `minutes_since_sign_in` is None where no proof of the person stands behind the request, as with a personal token.
    """

    kinds: Sequence[str]
    measures: Mapping[str, int | Decimal] = field(default_factory=dict)
    machine: bool = False
    approvals: int = 0
    minutes_since_sign_in: int | None = None


def summed(measured: Iterable[Mapping[str, int | Decimal]]) -> dict[str, int | Decimal]:
    """The measures of several acts as those of one. They add up, which is never less than what they come to together."""
    total: dict[str, int | Decimal] = {}
    for measures in measured:
        for name, value in measures.items():
            total[name] = total.get(name, 0) + value
    return total


class Policy:
    """A project's authority policy.

    `grants`: `[{role, kind, may, limits, machines}]`. `kind` may end in `*`; among the grants of a role whose pattern fits,
    the longest pattern counts. A grant that lets a role decide up to its limits lets it propose beyond them. Software
    (an integration or an agent) decides acts that are not operational only by a grant with `machines`.
    `tolerances`: limits that bind everybody below the owner. `approvals`: `[{kind, count}]`, for acts that take several
    deciders or, with `count` 1, somebody else than the one who asks. `step_up`: `{kinds, minutes}`, for acts that want a
    fresh sign-in. `solo`: a person may decide their own proposals.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.solo = bool(document.get("solo", False))

    @property
    def tolerances(self) -> Mapping[str, Any]:
        tolerances: Mapping[str, Any] = self.document.get("tolerances") or {}
        return tolerances

    def approvals_for(self, kinds: Sequence[str]) -> int:
        """How many deciders an act of these kinds takes, 0 where anybody with authority may simply do it."""
        rules = self.document.get("approvals") or ()
        counts = [rule["count"] for rule in rules if any(fnmatch.fnmatchcase(kind, rule["kind"]) for kind in kinds)]
        return max(counts, default=0)

    def minutes_of_step_up(self, kinds: Sequence[str]) -> int | None:
        """How old the sign-in behind an act of these kinds may be, None where it does not matter."""
        rule = self.document.get("step_up")
        if not rule or not any(fnmatch.fnmatchcase(kind, pattern) for pattern in rule["kinds"] for kind in kinds):
            return None
        return int(rule["minutes"])

    def judge(self, hats: Sequence[Hat], act: Act) -> Authority:
        """For each kind the strongest verdict over everything that somebody is; over several kinds the weakest.

        A tolerance, or approvals that are missing, turn a decision into a proposal.
        """
        if not hats:
            return Authority("no")
        best = [max((self._judge_kind(hat, kind, act) for hat in hats), key=_rank) for kind in act.kinds]
        weakest = min(best, key=_rank)
        exceeded = {name for each in best if each.verdict == weakest.verdict for name in each.exceeded}
        if weakest.verdict == "decide":
            if act.approvals < self.approvals_for(act.kinds):
                exceeded.add("approvals")
            if weakest.role not in ABOVE_THE_MANAGER:
                exceeded.update(f"tolerance.{name}" for name in _beyond(self.tolerances, act.measures))
        verdict = "propose" if weakest.verdict == "decide" and exceeded else weakest.verdict
        return Authority(verdict, tuple(sorted(exceeded)), weakest.role, weakest.delegation_id)

    def judge_role(self, role: str, kinds: Sequence[str], measures: Mapping[str, int | Decimal]) -> Authority:
        """What a person in this role alone may do, if as many approve as have to."""
        return self.judge([Hat(role)], Act(kinds, measures, approvals=self.approvals_for(kinds)))

    def _judge_kind(self, hat: Hat, kind: str, act: Act) -> Authority:
        if not hat.covers(kind):
            return Authority("no", (), hat.role, hat.delegation_id)
        own = [grant for grant in self.document.get("grants") or () if grant["role"] == hat.role]
        # Whether software may decide is said by what was lent to it, and not by the lender's own grants.
        verdicts = [_judge_grants(own, kind, act if hat.grants is None else replace(act, machine=False))]
        if hat.grants is not None:
            verdicts.append(_judge_grants(hat.grants, kind, act))
        weakest = min(verdicts, key=_rank)
        return replace(weakest, role=hat.role, delegation_id=hat.delegation_id)


def _rank(authority: Authority) -> tuple[int, bool, int]:
    """The stronger verdict first; of equal ones that of somebody above the manager, then the fewest obstacles."""
    return _STRENGTH[authority.verdict], authority.role in ABOVE_THE_MANAGER, -len(authority.exceeded)


def _judge_grants(grants: Sequence[Mapping[str, Any]], kind: str, act: Act) -> Authority:
    """What the grant says whose pattern fits best; without one, no."""
    grant = longest_fit(grants, kind)
    if grant is None:
        return Authority("no")
    if grant["may"] != "decide":
        return Authority(grant["may"])
    declared = KINDS.get(kind)
    if act.machine and not grant.get("machines") and (declared is None or declared.default != "operational"):
        return Authority("propose", ("machine",))
    beyond = _beyond(grant.get("limits") or {}, act.measures)
    return Authority("propose" if beyond else "decide", tuple(beyond))


def longest_fit(grants: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any] | None:
    """The grant that counts for a kind of act: the one with the longest pattern that fits."""
    fitting = [grant for grant in grants if fnmatch.fnmatchcase(kind, grant["kind"])]
    return max(fitting, key=lambda candidate: len(candidate["kind"].rstrip("*")), default=None)


def _beyond(limits: Mapping[str, Any], measures: Mapping[str, int | Decimal]) -> list[str]:
    """The measures that are larger than their limit. A measure without a limit is free."""
    return [name for name, limit in sorted(limits.items()) if measures.get(name, 0) > Decimal(str(limit))]
