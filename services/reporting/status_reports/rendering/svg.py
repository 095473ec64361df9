"""SVG written by hand: elements with escaped attributes and texts, and nothing that could run or be fetched."""

from collections.abc import Iterable
from html import escape
from typing import Final

from services.kernel.font_metrics import FONT_FAMILY
from services.reporting.status_reports.rendering.plain_text import printable

INK: Final = "#1c2430"
MUTED: Final = "#5f6b7a"
RULE: Final = "#e3e7ec"
PLAN: Final = "#8b97a6"
ACCENT: Final = "#1f4e79"
TASK: Final = "#7ea6cc"
ADVERSE: Final = "#b0412a"
ADVERSE_LIGHT: Final = "#dd9c8b"


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """Return one element; `content` is markup already, `_` in an attribute's name stands for a hyphen."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(words: str, x: float, y: float, size: float = 8.5, **attributes: str | float) -> str:
    """Return a text whose baseline starts at x, y; the words are escaped here."""
    attributes = {"fill": INK, **attributes}
    return element("text", escape(printable(words), quote=False), x=x, y=y, font_size=size, **attributes)


def over(words: str, x: float, y: float, size: float, **attributes: str | float) -> str:
    """Return a text with a white edge, legible on whatever line it crosses."""
    return text(words, x, y, size, stroke="#ffffff", stroke_width=2, paint_order="stroke", **attributes)


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE, width: float = 0.6, dash: str = "") -> str:
    """Return a straight line."""
    dashes = {"stroke_dasharray": dash} if dash else {}
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, **dashes)


def rectangle(x: float, y: float, width: float, height: float, fill: str, *, radius: float = 0) -> str:
    """Return a filled rectangle; a width below zero draws nothing."""
    return element("rect", x=x, y=y, width=max(width, 0), height=height, rx=radius, fill=fill)


def diamond(x: float, y: float, half: float, fill: str, stroke: str = "none") -> str:
    """Return a milestone's diamond around its centre."""
    points = f"{_value(x)},{_value(y - half)} {_value(x + half)},{_value(y)} {_value(x)},{_value(y + half)} "
    return element("polygon", points=f"{points}{_value(x - half)},{_value(y)}", fill=fill, stroke=stroke)


def picture(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    """Return a whole drawing that scales to the width it is given; `label` is read to those who cannot see it."""
    return element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        role="img",
        aria_label=label,
        font_family=f"'{FONT_FAMILY}', 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    )


def _value(value: str | float) -> str:
    """Write an attribute; numbers to two decimals, so the bytes do not depend on how a float prints."""
    if isinstance(value, str):
        return escape(printable(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")
