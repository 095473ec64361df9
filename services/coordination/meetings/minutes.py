"""Minutes as one document: the canonical text that is signed and hashed, and the readable forms that are sent out.

Pure: plain JSON values in, text out.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from services.kernel.language import Catalogue, Language, format_date

FORMAT: Final = 1

TEXTS: Final = Catalogue(
    {
        "minutes": {"en": "Minutes", "nb": "Referat"},
        "subject": {"en": "Minutes: {title}", "nb": "Referat: {title}"},
        "invitation": {"en": "Invitation: {title}", "nb": "Innkalling: {title}"},
        "cancellation": {"en": "Cancelled: {title}", "nb": "Avlyst: {title}"},
        "when": {"en": "When", "nb": "Tid"},
        "where": {"en": "Where", "nb": "Sted"},
        "chair": {"en": "Chair", "nb": "Møteleder"},
        "minute_taker": {"en": "Minutes taken by", "nb": "Referent"},
        "present": {"en": "Present", "nb": "Til stede"},
        "absent": {"en": "Absent", "nb": "Ikke til stede"},
        "agenda": {"en": "Agenda", "nb": "Saksliste"},
        "other": {"en": "Other matters", "nb": "Eventuelt"},
        "decision": {"en": "Decision", "nb": "Vedtak"},
        "action": {"en": "Action", "nb": "Aksjon"},
        "note": {"en": "Note", "nb": "Merknad"},
        "accept": {"en": "accepted", "nb": "godkjent"},
        "reject": {"en": "rejected", "nb": "avslått"},
        "reason": {"en": "Reason", "nb": "Begrunnelse"},
        "owner_and_due": {"en": "{owner}, by {due}", "nb": "{owner}, innen {due}"},
        "signed": {"en": "Signed by {name}, {when}", "nb": "Signert av {name}, {when}"},
        "fingerprint": {"en": "SHA-256 of the minutes: {hash}", "nb": "SHA-256 for referatet: {hash}"},
    }
)


def canonical(document: Mapping[str, Any]) -> str:
    """The one text of a document: JSON without spaces, members sorted by name (RFC 8785, which differs for numbers
    with a fraction only; there are none here)."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def fingerprint(text: str) -> str:
    """SHA-256 of the text in UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which text when."""

    name: str
    signed_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the readable form: `level` 1 and 2 are headings, 3 is a labelled value, 4 an outcome."""

    level: int
    text: str
    label: str = ""


def as_text(document: Mapping[str, Any], signature: Signature, language: Language) -> str:
    """The minutes as plain text, headings underlined."""
    written: list[str] = []
    for line in _lines(document, signature, language):
        if line.level <= 2:
            written += ["", line.text, ("=" if line.level == 1 else "-") * min(len(line.text), 70)]
        elif line.level == 3:
            written.append(f"{line.label}: {line.text}" if line.label else line.text)
        else:
            written.append(f"* {line.label}: {line.text}")
    return "\n".join(written).strip() + "\n"


def as_html(document: Mapping[str, Any], signature: Signature, language: Language) -> str:
    """The minutes as one HTML page without scripts, styles or links. Everything that people wrote is escaped."""
    written: list[str] = []
    for line in _lines(document, signature, language):
        text = escape(line.text).replace("\n", "<br>")
        if line.level <= 2:
            written.append(f"<h{line.level}>{text}</h{line.level}>")
        else:
            label = f"<strong>{escape(line.label)}:</strong> " if line.label else ""
            written.append(f"<p>{label}{text}</p>")
    title = escape(str(document["meeting"]["title"]))
    return f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head><body>{"".join(written)}</body></html>'


def when(document: Mapping[str, Any], language: Language) -> str:
    """The meeting's time in its own zone: `9 Mar 2026 09:00-10:00 (Europe/Oslo)`."""
    meeting = document["meeting"]
    zone = ZoneInfo(meeting["time_zone"])
    start = datetime.fromisoformat(meeting["starts_at"]).astimezone(zone)
    end = datetime.fromisoformat(meeting["ends_at"]).astimezone(zone)
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{format_date(end.date(), language)} {end:%H:%M}"
    return f"{format_date(start.date(), language)} {start:%H:%M}-{until} ({meeting['time_zone']})"


def _lines(document: Mapping[str, Any], signature: Signature, language: Language) -> Iterator[_Line]:
    def word(code: str, **values: object) -> str:
        return TEXTS.text(code, language, **values)

    meeting = document["meeting"]
    yield _Line(1, f"{word('minutes')}: {meeting['title']}")
    yield _Line(3, when(document, language), word("when"))
    if meeting["location"]:
        yield _Line(3, meeting["location"], word("where"))
    for role in ("chair", "minute_taker"):
        if document[role] is not None:
            yield _Line(3, document[role]["name"], word(role))
    for came, label in ((True, "present"), (False, "absent")):
        names = [each["name"] for each in document["attendances"] if each["attended"] is came]
        if names:
            yield _Line(3, ", ".join(names), word(label))
    for number, item in enumerate(document["agenda"], 1):
        yield _Line(2, f"{number}. {item['title']}")
        if item["notes"]:
            yield _Line(3, item["notes"])
        yield from _outcomes(document, item["id"], language)
    if any(outcome["agenda_item_id"] is None for outcome in document["outcomes"]):
        yield _Line(2, word("other"))
        yield from _outcomes(document, None, language)
    signed_at = signature.signed_at.astimezone(ZoneInfo(meeting["time_zone"]))
    signed = f"{format_date(signed_at.date(), language)} {signed_at:%H:%M}"
    yield _Line(2, word("signed", name=signature.name, when=signed))
    yield _Line(3, word("fingerprint", hash=signature.sha256))


def _outcomes(document: Mapping[str, Any], agenda_item_id: str | None, language: Language) -> Iterator[_Line]:
    for outcome in document["outcomes"]:
        if outcome["agenda_item_id"] != agenda_item_id:
            continue
        parts = [outcome["text"]] if outcome["text"] else []
        if outcome["kind"] == "action":
            due = format_date(date.fromisoformat(outcome["due_date"]), language)
            owner = TEXTS.text("owner_and_due", language, owner=outcome["owner"]["name"], due=due)
            parts.insert(0, f"{outcome['title']} ({owner})")
        elif outcome["decision"] is not None:
            proposal = (outcome["proposal"] or {}).get("title", "")
            parts.insert(0, f"{proposal}: {TEXTS.text(outcome['decision'], language)}")
        if outcome["reason"]:
            parts.append(f"{TEXTS.text('reason', language)}: {outcome['reason']}")
        yield _Line(4, ". ".join(part.rstrip(". ") for part in parts) + ".", TEXTS.text(outcome["kind"], language))
