"""A measured figure beside its bar, and how figures are shown and kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` is `value` to `reference`, as the median over pairs of runs; `further` holds percentiles and the like."""

    name: str
    value: float
    unit: str
    bar: str
    met: bool
    reference: float | None = None
    ratio: float | None = None
    further: dict[str, float] = field(default_factory=dict)

    def row(self) -> tuple[str, ...]:
        more = ", ".join(f"{name} {_short(value)}" for name, value in self.further.items())
        return (
            self.name,
            f"{_short(self.value)} {self.unit}",
            "" if self.reference is None else _short(self.reference),
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.bar,
            "pass" if self.met else "MISS",
            more,
        )


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text, a line each."""
    rows = [("name", "value", "reference", "ratio", "bar", "", ""), *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def keep(figures: Sequence[Figure], file: Path) -> None:
    """Write the figures as JSON, by name."""
    document = {
        each.name: {"value": each.value, "unit": each.unit, "reference": each.reference, "ratio": each.ratio}
        | {"bar": each.bar, "met": each.met}
        | each.further
        for each in figures
    }
    file.write_text(json.dumps(document, indent=2) + "\n")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
