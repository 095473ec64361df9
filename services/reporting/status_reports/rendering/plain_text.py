"""What people wrote, made fit for a page: no control characters, one line where there is room for one."""

import re
import unicodedata
from typing import Final

LONGEST_CELL: Final = 240
"""Characters of a title that a table's cell shows; the rest is an ellipsis, since a report is no place for a novel."""

LONGEST_TEXT: Final = 20_000

# C0 and C1 controls have no place on a page and most are forbidden in XML; the bidirectional overrides and isolates
# could make a title reorder the words of the cell around it; surrogates cannot be encoded at all, and the byte-order
# mark is one of the signs that PDF/UA forbids.
_UNPRINTABLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_UNBROKEN = re.compile(r"[^\s\u200b]{24}(?=[^\s\u200b])")


def printable(text: str) -> str:
    """Return the text without characters that no page may hold; tabs and line breaks stay."""
    return _UNPRINTABLE.sub("", text)


def one_line(text: str, longest: int = LONGEST_CELL) -> str:
    """Return the text on one line, cut with an ellipsis past `longest` characters."""
    # Cut before splitting: a text of a megabyte should cost no more than what is shown of it.
    line = " ".join(printable(text[: longest * 8]).split())
    return line if len(line) <= longest else f"{line[:longest].rstrip()}…"


def paragraphs(text: str) -> list[str]:
    """Return the text's non-empty lines; at most `LONGEST_TEXT` characters of it."""
    shown = printable(text[:LONGEST_TEXT]) + ("…" if len(text) > LONGEST_TEXT else "")
    lines = (" ".join(line.split()) for line in shown.splitlines())
    return [line for line in lines if line]


def breakable(text: str) -> str:
    """Return the text with a zero-width space in every run of 24 characters that has no place to break a line."""
    return _UNBROKEN.sub(lambda match: f"{match.group()}\u200b", text)


def stand_in(character: str) -> str:
    """Return what stands for a character that a font cannot show: a symbol's name in brackets, else U+FFFD.

    Invisible characters, such as the joiners and selectors of emoji, stand for nothing.
    """
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"} or category == "Sk":
        return ""
    if category.startswith("S"):
        return f"[{unicodedata.name(character, 'symbol').lower()}]"
    return "\N{REPLACEMENT CHARACTER}"
