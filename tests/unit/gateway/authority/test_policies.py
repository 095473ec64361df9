"""Policies compared, tried on the past, and the evidence for lending more."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.authority.policy_version import differences, digest_of, touches_tolerances
from gateway.authority.simulation import PastAct, simulate
from gateway.authority.templates import TEMPLATES, standard_policy
from gateway.authority.track_record import Outcome, Settled, track_records
from services.kernel.authority import Policy

ACCEPTED: list[Outcome] = ["accepted"] * 9
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
MEASURES = {"schedule.dates": ("finish_minutes", "float_minutes")}


def grant(role: str, kind: str, may: str = "decide", **limits: int) -> dict[str, Any]:
    return {"role": role, "kind": kind, "may": may, "limits": limits}


def test_the_order_of_grants_means_nothing_and_what_they_say_does() -> None:
    first = {"grants": [grant("manager", "*"), grant("coordinator", "task.*", finish_minutes=10)]}
    second = {"grants": [grant("coordinator", "task.*", finish_minutes=20), grant("manager", "*")]}
    assert differences(first, first) == []
    assert differences(first, second) == [
        {
            "place": "grants/coordinator/task.*",
            "before": {"may": "decide", "limits": {"finish_minutes": 10}},
            "after": {"may": "decide", "limits": {"finish_minutes": 20}},
        }
    ]
    assert differences({}, {"tolerances": {"cost": 5}}) == [{"place": "tolerances/cost", "before": None, "after": 5}]


def test_a_digest_tells_documents_apart_and_not_the_order_of_their_members() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1, "b": 3})


@pytest.mark.parametrize(
    ("after", "touches"),
    [
        ({"tolerances": {"finish_minutes": 450}}, True),
        ({"approvals": [{"kind": "budget.*", "count": 2}]}, True),
        ({"solo": True}, True),
        ({"grants": [grant("manager", "budget.*", cost=10)]}, True),
        ({"grants": [grant("owner", "*", "no")]}, True),
        ({"grants": [grant("coordinator", "*")]}, False),
        ({"sees": {"costs": ["member"]}}, False),
    ],
)
def test_what_binds_the_manager_is_not_the_managers_to_set(after: dict[str, Any], *, touches: bool) -> None:
    assert touches_tolerances(differences({}, after)) is touches


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_only_alone_does_a_manager_set_what_binds_them(name: str) -> None:
    verdict = Policy(TEMPLATES[name].document).judge_role("manager", ["policy.tolerances"], {}).verdict
    assert verdict == ("decide" if name == "solo" else "propose")


def act(role: str, then: Any, kind: str = "schedule.dates", **measures: int) -> PastAct:
    return PastAct(NOW, role, role, [kind], {name: Decimal(value) for name, value in measures.items()}, then)


def test_a_simulation_counts_what_would_have_gone_otherwise() -> None:
    acts = [
        act("manager", "decide", finish_minutes=900),
        act("coordinator", "propose", finish_minutes=60),
        act("coordinator", "decide", float_minutes=60),
        act("stakeholder", "propose"),
    ]
    present = simulate(Policy(standard_policy()), acts[:3])
    assert (present["acts"], present["as_before"], present["otherwise"]) == (3, 3, [])
    wider = standard_policy()
    wider["grants"] = [*wider["grants"], grant("coordinator", "schedule.dates", finish_minutes=60)]
    wider["grants"] = [each for each in wider["grants"] if "float_minutes" not in each["limits"]]
    report = simulate(Policy(wider), acts)
    assert {(each["then"], each["now"]): each["acts"] for each in report["then_and_now"]} == {
        ("decide", "decide"): 2,
        ("propose", "decide"): 1,
        ("propose", "no"): 1,
    }
    assert [(each["role"], each["now"]) for each in report["otherwise"]] == [
        ("coordinator", "decide"),
        ("stakeholder", "no"),
    ]


def test_what_deciders_approved_is_judged_with_their_approval() -> None:
    document = standard_policy() | {"approvals": [{"kind": "budget.*", "count": 2}]}
    alone = PastAct(NOW, "m", "manager", ["budget.line"], {}, "decide")
    approved = PastAct(NOW, "m", "manager", ["budget.line"], {}, "decide", approved=True)
    assert simulate(Policy(document), [alone])["otherwise"][0]["exceeded"] == ["approvals"]
    assert simulate(Policy(document), [approved])["otherwise"] == []


def proposals(*outcomes: Outcome, finish: int = 300) -> list[Settled]:
    return [Settled("kari", ["schedule.dates"], {"finish_minutes": Decimal(finish)}, each) for each in outcomes]


def test_a_limit_is_suggested_by_the_largest_effect_that_went_through_unchanged() -> None:
    (record,) = track_records([*proposals(*ACCEPTED[:4]), *proposals("accepted", finish=450)], MEASURES, {})
    assert record["outcomes"]["accepted"] == 5
    assert record["suggestion"] == {
        "person_id": "kari",
        "grants": [
            {"kind": "schedule.dates", "may": "decide", "limits": {"finish_minutes": 450, "float_minutes": 0}},
        ],
    }


@pytest.mark.parametrize(
    "history",
    [
        ACCEPTED[:4],
        [*ACCEPTED, "rejected"],
        [*ACCEPTED, "amended", "amended"],
        [*["withdrawn"] * 9, "accepted"],
    ],
)
def test_little_or_mixed_evidence_suggests_nothing(history: list[Outcome]) -> None:
    (record,) = track_records(proposals(*history), MEASURES, {})
    assert record["suggestion"] is None


def test_what_cannot_be_lent_is_never_suggested() -> None:
    (record,) = track_records(proposals(*ACCEPTED), MEASURES, {"schedule.dates": False})
    assert record["suggestion"] is None
