"""Every word an export says by itself, in English and Norwegian."""

from typing import Final

from services.kernel.language import Catalogue


def _texts(**pairs: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {code: {"en": english, "nb": norwegian} for code, (english, norwegian) in pairs.items()}


LABELS: Final = Catalogue(
    _texts(
        **{
            "sheet.tasks": ("Tasks", "Oppgaver"),
            "sheet.links": ("Dependencies", "Avhengigheter"),
            "sheet.resources": ("Resources", "Ressurser"),
            "sheet.assignments": ("Assignments", "Tildelinger"),
            "sheet.gantt": ("Gantt", "Gantt"),
            "column.id": ("No.", "Nr."),
            "column.wbs_code": ("WBS", "WBS"),
            "column.title": ("Title", "Tittel"),
            "column.outline_level": ("Level", "Nivå"),
            "column.status": ("Status", "Status"),
            "column.percent_complete": ("Per cent complete", "Prosent ferdig"),
            "column.start": ("Start", "Start"),
            "column.finish": ("Finish", "Slutt"),
            "column.duration_days": ("Duration (days)", "Varighet (dager)"),
            "column.milestone": ("Milestone", "Milepæl"),
            "column.summary": ("Summary", "Sammendrag"),
            "column.critical": ("Critical", "Kritisk"),
            "column.total_float_days": ("Total float (days)", "Total slakk (dager)"),
            "column.predecessors": ("Predecessors", "Forgjengere"),
            "column.resources": ("Resources", "Ressurser"),
            "column.assignee": ("Assignee", "Ansvarlig"),
            "column.deadline": ("Deadline", "Frist"),
            "column.constraint_type": ("Constraint", "Begrensning"),
            "column.constraint_date": ("Constraint date", "Begrensningsdato"),
            "column.actual_start": ("Actual start", "Faktisk start"),
            "column.actual_finish": ("Actual finish", "Faktisk slutt"),
            "column.baseline_start": ("Baseline start", "Start etter basisplan"),
            "column.baseline_finish": ("Baseline finish", "Slutt etter basisplan"),
            "column.priority": ("Priority", "Prioritet"),
            "column.labels": ("Labels", "Etiketter"),
            "column.notes": ("Notes", "Notater"),
            "column.predecessor_id": ("Predecessor no.", "Forgjenger nr."),
            "column.predecessor": ("Predecessor", "Forgjenger"),
            "column.successor_id": ("Successor no.", "Etterfølger nr."),
            "column.successor": ("Successor", "Etterfølger"),
            "column.dependency_type": ("Type", "Type"),
            "column.lag": ("Lag", "Forsinkelse"),
            "column.lag_unit": ("Lag unit", "Enhet for forsinkelse"),
            "column.name": ("Name", "Navn"),
            "column.email": ("E-mail", "E-post"),
            "column.resource_type": ("Type", "Type"),
            "column.work_kind": ("Kind", "Slag"),
            "column.team": ("Team", "Lag"),
            "column.max_units_percent": ("Units (%)", "Enheter (%)"),
            "column.unit": ("Unit", "Måleenhet"),
            "column.standard_rate": ("Rate", "Sats"),
            "column.overtime_rate": ("Overtime rate", "Overtidssats"),
            "column.cost_per_use": ("Cost per use", "Kostnad per bruk"),
            "column.currency": ("Currency", "Valuta"),
            "column.task_id": ("Task no.", "Oppgave nr."),
            "column.task": ("Task", "Oppgave"),
            "column.resource": ("Resource", "Ressurs"),
            "column.units_percent": ("Units (%)", "Enheter (%)"),
            "column.quantity": ("Quantity", "Mengde"),
            "column.work_hours": ("Work (hours)", "Arbeid (timer)"),
            "column.overtime_hours": ("Overtime (hours)", "Overtid (timer)"),
            "column.contour": ("Contour", "Kontur"),
            "column.rate_table": ("Rate table", "Satstabell"),
            "column.cost": ("Cost", "Kostnad"),
            "yes": ("yes", "ja"),
            "gantt.title": ("Gantt chart of {name}", "Gantt-diagram for {name}"),
            "gantt.task": ("Task", "Oppgave"),
            "gantt.done": ("Done", "Utført"),
            "gantt.critical": ("Critical", "Kritisk"),
            "gantt.summary": ("Summary", "Sammendrag"),
            "gantt.baseline": ("Baseline", "Basisplan"),
            "gantt.milestone": ("Milestone", "Milepæl"),
            "gantt.status_date": ("Status date {date}", "Statusdato {date}"),
            "gantt.page": ("Page {page} of {pages}", "Side {page} av {pages}"),
            "gantt.empty": ("The plan has no tasks.", "Planen har ingen oppgaver."),
            "axis.week": ("W{week}", "U{week}"),
            "axis.quarter": ("Q{quarter}", "K{quarter}"),
        }
    )
)
