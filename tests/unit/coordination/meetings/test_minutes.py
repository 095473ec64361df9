"""Minutes as a document: one canonical text, and readable forms that nothing written by people can break."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from services.coordination.meetings.minutes import Signature, as_html, as_text, canonical, fingerprint, when
from services.kernel.language import Language

SIGNATURE = Signature("Kari Åsen", datetime(2026, 3, 10, 7, 30, tzinfo=UTC), "ab" * 32)


def make_outcome(**members: Any) -> dict[str, Any]:
    outcome = {
        "id": "o1",
        "kind": "note",
        "text": "",
        "agenda_item_id": None,
        "decision": None,
        "reason": "",
        "title": None,
        "due_date": None,
        "owner": None,
        "proposal": None,
    }
    return outcome | members


def make_document(**members: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "meeting": {
            "title": "Site meeting 4",
            "location": "Site office",
            "time_zone": "Europe/Oslo",
            "starts_at": "2026-03-09T08:00:00.000000Z",
            "ends_at": "2026-03-09T09:00:00.000000Z",
        },
        "chair": {"id": "p1", "name": "Kari Åsen"},
        "minute_taker": None,
        "attendances": [{"name": "Kari Åsen", "attended": True}, {"name": "Ola", "attended": False}],
        "agenda": [{"id": "i1", "title": "Steel", "notes": ""}],
        "outcomes": [],
    }
    return document | members


def test_the_canonical_text_does_not_depend_on_the_order_of_members() -> None:
    document = make_document()
    backwards = dict(reversed(document.items()))
    assert canonical(document) == canonical(backwards)
    assert fingerprint("blåbær") == hashlib.sha256("blåbær".encode()).hexdigest()
    assert canonical({"b": 1, "a": "å"}) == '{"a":"å","b":1}'


def test_the_text_names_who_came_and_who_did_not() -> None:
    text = as_text(make_document(), SIGNATURE, Language.ENGLISH)
    assert "Present: Kari Åsen" in text
    assert "Absent: Ola" in text
    assert "Signed by Kari Åsen, 10\u00a0Mar\u00a02026 08:30" in text
    assert SIGNATURE.sha256 in text
    assert "Ikke til stede: Ola" in as_text(make_document(), SIGNATURE, Language.NORWEGIAN)


def test_outcomes_stand_under_their_item_and_the_others_at_the_end() -> None:
    decision = make_outcome(
        kind="decision", decision="reject", proposal={"title": "Order abroad"}, reason="Too late.", agenda_item_id="i1"
    )
    text = as_text(make_document(outcomes=[make_outcome(text="Rain."), decision]), SIGNATURE, Language.NORWEGIAN)
    assert "* Vedtak: Order abroad: avslått. Begrunnelse: Too late." in text
    assert text.index("1. Steel") < text.index("Vedtak") < text.index("Eventuelt") < text.index("Merknad: Rain.")


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b <"])
def test_html_holds_no_markup_but_its_own(hostile: str) -> None:
    document = make_document(
        meeting=make_document()["meeting"] | {"title": hostile, "location": hostile},
        agenda=[{"id": "i1", "title": hostile, "notes": hostile}],
        outcomes=[make_outcome(text=hostile)],
    )
    html = as_html(document, Signature(hostile, SIGNATURE.signed_at, SIGNATURE.sha256), Language.ENGLISH)
    assert hostile not in html
    assert html.count("<script") == html.count("<img") == 0


def test_a_meeting_over_midnight_names_both_days() -> None:
    assert when(make_document(), Language.ENGLISH) == "9\u00a0Mar\u00a02026 09:00-10:00 (Europe/Oslo)"
    late = make_document()["meeting"] | {"ends_at": "2026-03-10T01:00:00.000000Z"}
    assert when({"meeting": late}, Language.NORWEGIAN) == "09.03.2026 09:00-10.03.2026 02:00 (Europe/Oslo)"
