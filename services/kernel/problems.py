"""What can go wrong, as a tree with a stable code, a status and words in two languages (RFC 9457, conventions C9).

    Problem
    |- Malformed 400 (UnknownFilter, UnknownSort, UnknownField, InvalidCursor, CursorMismatch, IdempotencyKeyMissing, ...)
    |- Unauthenticated 401
    |- Forbidden 403 (AuthorityRequired, ScopeMissing, StepUpRequired)
    |- NotFound 404              absent, or secret: the two are told apart by nobody
    |- Conflict 409              the state does not allow it (RequestInProgress, ...)
    |- HeadTooLate 408           the head of a request did not arrive in time
    |- Stale 412                 If-Match names another version
    |- TooLarge 413, UnsupportedMediaType 415
    |- RuleViolated 422          well-formed, but a rule says no (ValidationFailed, UnknownReference, IdempotencyKeyReused)
    |- Locked 423                closed until somebody opens it again
    |- PreconditionMissing 428
    |- HeadTooLarge 431
    `- Unavailable 503           a dependency is down or behind; the request may be repeated

An area derives its own from these, named after the broken rule (`DependencyCycle`), with `code` and both titles. The
details are templates that are filled with the keyword arguments of the constructor, which stand in the answer as well
when they are listed in `members`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

Words = Mapping[Literal["en", "nb"], str]


class Problem(Exception):
    """A refusal that the caller is told about. Subclasses set the class attributes; instances fill the templates."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[Words] = {"en": "Something went wrong on our side", "nb": "Noe gikk galt hos oss"}
    detail: ClassVar[Words] = {"en": "", "nb": ""}
    members: ClassVar[Sequence[str]] = ()
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(self.code)
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.values = values

    def body(self, language: Literal["en", "nb"], instance: str, trace_id: str) -> dict[str, Any]:
        """The problem+json document in one language."""
        document: dict[str, Any] = {
            "type": f"/v1/problems/{self.code}",
            "title": self.title[language],
            "status": self.status,
            "detail": self.detail[language].format_map(_Gaps(self._words())),
            "instance": instance,
            "code": self.code,
            "errors": self.errors,
            "trace_id": trace_id,
            "retryable": self.retryable,
        }
        document.update({name: self.values[name] for name in self.members if name in self.values})
        return document

    def _words(self) -> dict[str, Any]:
        """The values as a sentence shows them: a list by its parts."""
        return {
            name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            for name, value in self.values.items()
        }


class _Gaps(dict[str, Any]):
    """A template may name a value that this instance was not given; it then shows nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def error_at(pointer: str, code: str, detail: str) -> dict[str, str]:
    """One entry of `errors`: a JSON Pointer (RFC 6901) into the body or a query parameter's name, a code and words."""
    return {"pointer": pointer, "code": code, "detail": detail}


def catalogue() -> Iterator[type[Problem]]:
    """Every problem class of the running process, each once, by code."""
    found: dict[str, type[Problem]] = {}
    pending: list[type[Problem]] = [Problem]
    while pending:
        kind = pending.pop()
        found.setdefault(kind.code, kind)
        pending.extend(kind.__subclasses__())
    yield from (found[code] for code in sorted(found))


class Malformed(Problem):
    status = 400
    code = "malformed"
    title = {"en": "The request could not be read", "nb": "Forespørselen kunne ikke leses"}
    detail = {"en": "{reason}", "nb": "{reason}"}


class UnknownFilter(Malformed):
    code = "unknown_filter"
    title = {"en": "Unknown filter", "nb": "Ukjent filter"}
    detail = {"en": "This collection has no filter {name}.", "nb": "Denne samlingen har ikke filteret {name}."}


class InvalidFilterValue(Malformed):
    code = "invalid_filter_value"
    title = {"en": "The filter's value cannot be used", "nb": "Filterets verdi kan ikke brukes"}
    detail = {"en": "{name} cannot be compared with that value.", "nb": "{name} kan ikke sammenlignes med den verdien."}


class UnknownSort(Malformed):
    code = "unknown_sort"
    title = {"en": "Unknown sort key", "nb": "Ukjent sorteringsnøkkel"}
    detail = {"en": "This collection cannot be sorted by {name}.", "nb": "Denne samlingen kan ikke sorteres på {name}."}


class UnknownField(Malformed):
    code = "unknown_field"
    title = {"en": "Unknown field", "nb": "Ukjent felt"}
    detail = {"en": "There is no field {name} here.", "nb": "Det finnes ikke noe felt {name} her."}


class UnknownExpansion(Malformed):
    code = "unknown_expansion"
    title = {"en": "Unknown expansion", "nb": "Ukjent utvidelse"}
    detail = {"en": "{name} cannot be expanded here.", "nb": "{name} kan ikke utvides her."}


class InvalidCursor(Malformed):
    code = "invalid_cursor"
    title = {"en": "The cursor is not one of ours", "nb": "Markøren er ikke en av våre"}


class CursorMismatch(Malformed):
    code = "cursor_mismatch"
    title = {"en": "The cursor belongs to another query", "nb": "Markøren hører til en annen spørring"}
    detail = {
        "en": "Filters and sorting must stay the same while a list is paged.",
        "nb": "Filtre og sortering må være de samme mens en liste blas.",
    }


class InvalidLimit(Malformed):
    code = "invalid_limit"
    title = {"en": "The limit is out of range", "nb": "Grensen er utenfor området"}
    detail = {"en": "limit is a whole number from 1 to 200.", "nb": "limit er et heltall fra 1 til 200."}


class IdempotencyKeyMissing(Malformed):
    code = "idempotency_key_missing"
    title = {"en": "An Idempotency-Key is required here", "nb": "Her kreves en Idempotency-Key"}
    detail = {
        "en": "Money, decisions, sends, imports and batches may be repeated safely only with a key.",
        "nb": "Penger, beslutninger, utsendelser, importer og bunker kan bare gjentas trygt med en nøkkel.",
    }


class InvalidPrecondition(Malformed):
    code = "invalid_precondition"
    title = {"en": "If-Match must name one version", "nb": "If-Match må navngi én versjon"}


class Unauthenticated(Problem):
    status = 401
    code = "unauthenticated"
    title = {"en": "Who is asking is not known", "nb": "Det er ikke kjent hvem som spør"}
    detail = {"en": "Send a valid bearer token.", "nb": "Send et gyldig bærertoken."}

    def __init__(self, **values: Any) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="tandem"'}, **values)


class Forbidden(Problem):
    status = 403
    code = "forbidden"
    title = {"en": "You may not do this", "nb": "Du har ikke lov til dette"}


class ScopeMissing(Forbidden):
    code = "scope_missing"
    title = {"en": "The token's scope is too narrow", "nb": "Tokenets omfang er for smalt"}
    detail = {"en": "This needs the scope {scope}.", "nb": "Dette krever omfanget {scope}."}
    members = ("scope",)


class AuthorityRequired(Forbidden):
    """The principal may propose this but not decide it. The gateway turns it into a proposal unless asked not to."""

    code = "authority_required"
    title = {"en": "This is not yours to decide", "nb": "Dette er ikke ditt å bestemme"}
    detail = {
        "en": "An effect of this size must be decided by somebody else: {exceeded}.",
        "nb": "En virkning av denne størrelsen må bestemmes av en annen: {exceeded}.",
    }
    members = ("kinds", "measures", "role", "impact", "decidable_by", "exceeded", "project_id", "proposable")


class StepUpRequired(Forbidden):
    """The project's policy wants a fresher proof of who is asking for an act of this kind."""

    code = "step_up_required"
    title = {"en": "Sign in again to decide this", "nb": "Logg inn på nytt for å bestemme dette"}
    detail = {
        "en": "The project's policy asks for a recent sign-in; a personal or service token has none.",
        "nb": "Prosjektets regler krever en nylig innlogging; et personlig token eller tjenestetoken har ingen.",
    }


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = {"en": "There is nothing here", "nb": "Det er ingenting her"}
    detail = {"en": "It does not exist, or is not yours to see.", "nb": "Det finnes ikke, eller du kan ikke se det."}


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = {"en": "This cannot be done here", "nb": "Dette kan ikke gjøres her"}


class Conflict(Problem):
    status = 409
    code = "conflict"
    title = {"en": "The present state does not allow this", "nb": "Tilstanden nå tillater ikke dette"}


class RequestInProgress(Conflict):
    code = "request_in_progress"
    retryable = True
    title = {"en": "The same request is still running", "nb": "Den samme forespørselen kjører ennå"}

    def __init__(self, **values: Any) -> None:
        super().__init__(headers={"Retry-After": "1"}, **values)


class AlreadyExists(Conflict):
    code = "already_exists"
    title = {"en": "There is one already", "nb": "Det finnes en fra før"}
    detail = {"en": "{what} is taken.", "nb": "{what} er opptatt."}


class StillReferenced(Conflict):
    code = "still_referenced"
    title = {"en": "Something else still refers to it", "nb": "Noe annet viser fortsatt til det"}


class Stale(Problem):
    status = 412
    code = "stale"
    title = {"en": "Somebody changed it meanwhile", "nb": "Noen har endret det i mellomtiden"}
    detail = {
        "en": "You named version {expected_version}; it is at {current_version}.",
        "nb": "Du oppga versjon {expected_version}; den er på {current_version}.",
    }
    members = ("current_version", "expected_version", "changed_fields")


class HeadTooLate(Problem):
    """Written by the server itself, before any application is asked."""

    status = 408
    code = "head_too_late"
    retryable = True
    title = {"en": "The request did not arrive in time", "nb": "Forespørselen kom ikke i tide"}


class TooLarge(Problem):
    status = 413
    code = "too_large"
    title = {"en": "The request is too large", "nb": "Forespørselen er for stor"}
    detail = {"en": "At most {limit} bytes are taken here.", "nb": "Her tas det høyst imot {limit} byte."}


class UnsupportedMediaType(Problem):
    status = 415
    code = "unsupported_media_type"
    title = {"en": "This kind of content is not taken here", "nb": "Denne typen innhold tas ikke imot her"}
    detail = {"en": "Send {expected}.", "nb": "Send {expected}."}


class RangeNotSatisfiable(Problem):
    status = 416
    code = "range_not_satisfiable"
    title = {"en": "That range is not in the file", "nb": "Det området er ikke i filen"}


class RuleViolated(Problem):
    status = 422
    code = "rule_violated"
    title = {"en": "A rule does not allow this", "nb": "En regel tillater ikke dette"}


class ValidationFailed(RuleViolated):
    code = "validation_failed"
    title = {"en": "Some values cannot be used", "nb": "Noen verdier kan ikke brukes"}
    detail = {"en": "See errors.", "nb": "Se errors."}


class UnknownReference(RuleViolated):
    """A body names a thing that does not exist or is not the caller's to see; the two read the same."""

    code = "unknown_reference"
    title = {"en": "Unknown reference", "nb": "Ukjent referanse"}
    detail = {"en": "{name} refers to nothing that you can see.", "nb": "{name} viser ikke til noe du kan se."}

    def __init__(self, name: str) -> None:
        error = error_at(f"/{name}", "unknown_reference", "refers to nothing that you can see")
        super().__init__(errors=[error], name=name)


class IdempotencyKeyReused(RuleViolated):
    code = "idempotency_key_reused"
    title = {"en": "The key was used for another request", "nb": "Nøkkelen er brukt til en annen forespørsel"}


class Locked(Problem):
    """What the write is about has been closed for writes; it may be opened again by a decision, and not by trying."""

    status = 423
    code = "locked"
    title = {"en": "This is closed for changes", "nb": "Dette er lukket for endringer"}


class PreconditionMissing(Problem):
    status = 428
    code = "precondition_missing"
    title = {"en": "If-Match is required", "nb": "If-Match kreves"}
    detail = {
        "en": "Name the version that you change, as its ETag.",
        "nb": "Oppgi versjonen du endrer, slik den står i ETag.",
    }


class HeadTooLarge(Problem):
    """Written by the server itself, before any application is asked."""

    status = 431
    code = "head_too_large"
    title = {"en": "The request's head is too large", "nb": "Forespørselens hode er for stort"}
    detail = {"en": "Path and headers may have {limit} bytes.", "nb": "Sti og hoder kan ha {limit} byte."}


class Unavailable(Problem):
    status = 503
    code = "unavailable"
    retryable = True
    title = {"en": "Not available for the moment", "nb": "Ikke tilgjengelig for øyeblikket"}
    detail = {
        "en": "Nothing is lost. Repeat the request with the same Idempotency-Key.",
        "nb": "Ingenting er tapt. Gjenta forespørselen med samme Idempotency-Key.",
    }

    def __init__(self, **values: Any) -> None:
        super().__init__(headers={"Retry-After": "1"}, **values)


class CatchingUp(Unavailable):
    code = "catching_up"
    title = {"en": "Still taking in what happened a moment ago", "nb": "Tar fortsatt inn det som skjedde nettopp"}
