"""In which phase a project is, and which gate comes next, by what was decided at its gates. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, Self
from uuid import UUID

Words = Mapping[Literal["en", "nb"], str]
_PASSED: Final = frozenset({"passed", "passed_with_conditions"})
_STOPPED: Final = "stopped"
# What planning's codes are called; a phase that has no words here is shown by its code.
PHASE_TITLES: Final[Mapping[str, Words]] = {
    "concept": {"en": "Concept", "nb": "Konsept"},
    "planning": {"en": "Planning", "nb": "Planlegging"},
    "execution": {"en": "Execution", "nb": "Gjennomføring"},
    "closing": {"en": "Closing", "nb": "Avslutning"},
    "benefits_realisation": {"en": "Benefits realisation", "nb": "Gevinstrealisering"},
}


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate as the last fact told of it; `number` is that fact's."""

    id: UUID
    code: str
    titles: Words
    planned_date: date | None
    opens_phase: str | None
    state: str
    decided_at: datetime | None
    number: int


@dataclass(frozen=True, slots=True)
class Standing:
    """`opened_by` is the passed gate behind which the present phase lies, None before the first one.

    `next_gate` is None when there is none left, or the project was stopped.
    """

    opened_by: Gate | None
    next_gate: Gate | None
    stopped: bool
    passed: int
    gates: int
    number: int

    @classmethod
    def at(cls, gates: Sequence[Gate]) -> Self | None:
        """Where a project stands between its gates, which are in their order; None where it has none."""
        if not gates:
            return None
        passed = [gate for gate in gates if gate.state in _PASSED]
        stopped = any(gate.state == _STOPPED for gate in gates)
        return cls(
            opened_by=next((gate for gate in reversed(passed) if gate.opens_phase is not None), None),
            next_gate=None if stopped else next((gate for gate in gates if gate.state not in _PASSED), None),
            stopped=stopped,
            passed=len(passed),
            gates=len(gates),
            number=max(gate.number for gate in gates),
        )

    @property
    def phase(self) -> str | None:
        """The present phase, by its code."""
        return self.opened_by.opens_phase if self.opened_by is not None else None


def phase_title(phase: str | None, language: Literal["en", "nb"]) -> str | None:
    """What a phase is called, None for none."""
    if phase is None:
        return None
    words = PHASE_TITLES.get(phase)
    return words[language] if words is not None else phase.replace("_", " ")
