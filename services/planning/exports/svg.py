"""SVG written by hand: elements with escaped attributes and texts, and nothing that could run or be fetched."""

import re
from html import escape
from typing import Final

from services.kernel.font_metrics import FONT_FAMILY

INK: Final = "#1c2430"
MUTED: Final = "#5f6b7a"
RULE: Final = "#e3e7ec"
FREE: Final = "#f4f6f8"
PLAN: Final = "#8b97a6"
ACCENT: Final = "#1f4e79"
TASK: Final = "#7ea6cc"
ADVERSE: Final = "#b0412a"
ADVERSE_LIGHT: Final = "#dd9c8b"

# No page may hold these: controls, signs that reorder what stands around them, what cannot be encoded.
_UNPRINTABLE: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def one_line(words: str) -> str:
    """The words on one line, without what no page may hold."""
    return " ".join(_UNPRINTABLE.sub(" ", words).split())


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """One element; `content` is markup already, `_` in an attribute's name stands for a hyphen."""
    written = "".join(f' {key.replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(words: str, x: float, y: float, size: float, **attributes: str | float) -> str:
    """A text whose baseline starts at x, y; the words are escaped here."""
    written = {"fill": INK, **attributes}
    return element("text", escape(one_line(words), quote=False), x=x, y=y, font_size=size, **written)


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE, width: float = 0.5, dash: str = "") -> str:
    """A straight line."""
    dashes = {"stroke_dasharray": dash} if dash else {}
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, **dashes)


def rectangle(x: float, y: float, width: float, height: float, fill: str, *, radius: float = 0) -> str:
    """A filled rectangle."""
    return element("rect", x=x, y=y, width=max(width, 0), height=height, rx=radius, fill=fill)


def polygon(points: list[tuple[float, float]], fill: str, stroke: str = "none") -> str:
    """A filled shape."""
    corners = " ".join(f"{_value(x)},{_value(y)}" for x, y in points)
    return element("polygon", points=corners, fill=fill, stroke=stroke)


def diamond(x: float, y: float, half: float, fill: str, stroke: str = "none") -> str:
    """A milestone's diamond around its centre."""
    return polygon([(x, y - half), (x + half, y), (x, y + half), (x - half, y)], fill, stroke)


def opened(width: float, height: float, label: str) -> str:
    """The beginning of a drawing that scales to the width it is given; `label` is read to those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_value(width)} {_value(height)}" width="{_value(width)}"'
        f' height="{_value(height)}" role="img" aria-label="{_value(one_line(label))}"'
        f" font-family=\"'{FONT_FAMILY}', 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\">"
    )


def _value(value: str | float) -> str:
    """An attribute; numbers to two decimals, so that the bytes do not depend on how a float prints."""
    if isinstance(value, str):
        return escape(value)
    return f"{value:.2f}".rstrip("0").rstrip(".")
