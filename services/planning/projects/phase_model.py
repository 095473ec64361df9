"""Phase models: the phases of a project and the gates between them, as a sector agrees on them. Pure values.

A project keeps only the codes; the words are looked up by the reader's language until somebody writes their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from services.planning.projects.project import ProjectStatus

Words = Mapping[Literal["en", "nb"], str]
# Between the positions of a model there is room for gates of one's own.
STEP: Final = 10


class Phase(StrEnum):
    """What a project goes through, from the choice of a concept until its benefits are there."""

    CONCEPT = "concept"
    PLANNING = "planning"
    EXECUTION = "execution"
    CLOSING = "closing"
    BENEFITS_REALISATION = "benefits_realisation"


PHASE_TITLES: Final[Mapping[Phase, Words]] = {
    Phase.CONCEPT: {"en": "Concept", "nb": "Konsept"},
    Phase.PLANNING: {"en": "Planning", "nb": "Planlegging"},
    Phase.EXECUTION: {"en": "Execution", "nb": "Gjennomføring"},
    Phase.CLOSING: {"en": "Closing", "nb": "Avslutning"},
    Phase.BENEFITS_REALISATION: {"en": "Benefits realisation", "nb": "Gevinstrealisering"},
}
# Benefits are realised by the line organisation when the project is over.
STATUS_IN: Final[Mapping[Phase, ProjectStatus]] = {
    Phase.CONCEPT: ProjectStatus.INITIATING,
    Phase.PLANNING: ProjectStatus.PLANNING,
    Phase.EXECUTION: ProjectStatus.EXECUTING,
    Phase.CLOSING: ProjectStatus.CLOSING,
    Phase.BENEFITS_REALISATION: ProjectStatus.CLOSED,
}


class Requirement(StrEnum):
    """What can have to be there at a gate: at least one of the noun, which planning itself can see."""

    GOAL = "goal"
    SUCCESS_CRITERION = "success_criterion"
    TASK = "task"
    BASELINE = "baseline"
    BUDGET_LINE = "budget_line"
    RISK = "risk"
    RESPONSIBILITY = "responsibility"


@dataclass(frozen=True, slots=True)
class ModelGate:
    """A gate as the model has it; `criteria` are words by code."""

    code: str
    title: Words
    opens_phase: Phase | None
    requires: tuple[Requirement, ...]
    criteria: Mapping[str, Words]


# The Norwegian state's project model (Digdir, Prosjektveiviseren, prosjektveiviseren.digdir.no): its decision points by
# their Norwegian names; the criteria are what its check lists come down to, in words of our own.
PROSJEKTVEIVISEREN: Final = (
    ModelGate(
        "BP1",
        {"en": "Decide to start the concept phase", "nb": "Beslutte oppstart av konseptfasen"},
        Phase.CONCEPT,
        (),
        {
            "mandate": {
                "en": "The mandate says which need is to be met and who answers for finding out how.",
                "nb": "Mandatet sier hvilket behov som skal dekkes, og hvem som svarer for utredningen.",
            },
        },
    ),
    ModelGate(
        "BP2",
        {"en": "Decide to start the planning phase", "nb": "Beslutte oppstart av planleggingsfasen"},
        Phase.PLANNING,
        (Requirement.GOAL,),
        {
            "concept": {
                "en": "Alternatives were weighed by cost and benefit, and the proposal takes the best of them.",
                "nb": "Alternativer er veid etter kostnad og nytte, og forslaget velger det beste.",
            },
            "benefit_owner": {
                "en": "Somebody is named who answers for the benefits.",
                "nb": "En gevinstansvarlig er utpekt.",
            },
        },
    ),
    ModelGate(
        "BP3",
        {"en": "Decide to pass on to the execution phases", "nb": "Beslutte overgang til gjennomføringsfasene"},
        Phase.EXECUTION,
        (Requirement.SUCCESS_CRITERION, Requirement.BASELINE, Requirement.BUDGET_LINE, Requirement.RISK),
        {
            "justification": {
                "en": "The project is still wanted, and its deliverables lead to the benefits.",
                "nb": "Prosjektet er fortsatt ønsket, og leveransene fører til gevinstene.",
            },
            "uncertainty": {
                "en": "The uncertainty was analysed and is acceptable.",
                "nb": "Usikkerheten er analysert og kan aksepteres.",
            },
            "benefits_plan": {
                "en": "The plan for realising the benefits was made with those who answer for them.",
                "nb": "Gevinstrealiseringsplanen er laget sammen med de gevinstansvarlige.",
            },
        },
    ),
    ModelGate(
        "BP4",
        {"en": "Decide to pass on to the closing phase", "nb": "Beslutte overgang til avslutningsfasen"},
        Phase.CLOSING,
        (),
        {
            "deliverables": {
                "en": "The deliverables are as agreed and documented.",
                "nb": "Leveransene er som avtalt og dokumentert.",
            },
            "takeover": {
                "en": "The line organisation is ready to take over operation and maintenance.",
                "nb": "Linjen er klar til å overta drift og forvaltning.",
            },
        },
    ),
    ModelGate(
        "BP5",
        {"en": "Decide to close the project", "nb": "Beslutte avslutning av prosjektet"},
        Phase.BENEFITS_REALISATION,
        (),
        {
            "handed_over": {
                "en": "Outstanding work is done or was handed over with consent.",
                "nb": "Utestående arbeid er gjort eller overført etter avtale.",
            },
            "evaluated": {
                "en": "Results and lessons are written down in the final report.",
                "nb": "Resultater og erfaringer er dokumentert i sluttrapporten.",
            },
        },
    ),
    ModelGate(
        "BP6",
        {"en": "Evaluate the benefits", "nb": "Evaluere gevinstene"},
        None,
        (),
        {
            "measured": {
                "en": "The benefits were measured against the plan, and it is decided what more is to be done.",
                "nb": "Gevinstene er målt mot planen, og det er besluttet hva mer som skal gjøres.",
            },
        },
    ),
)
# By the policy template that a project starts with; the others have no gates but their own.
MODELS: Final[Mapping[str, tuple[ModelGate, ...]]] = {"public_sector": PROSJEKTVEIVISEREN}
