"""The mask of a project's WBS codes: what a code looks like on each level (Microsoft Project's code masks)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

MOST_LEVELS: Final = 20
MOST_CHARACTERS: Final = 10
_LETTERS: Final = 26


class CodeKind(StrEnum):
    """Ordered numbers, ordered letters of either case, or any letters and digits."""

    NUMBER = "number"
    UPPER = "upper"
    LOWER = "lower"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class MaskLevel:
    """How a level writes its own part: of `length` characters (0: as many as it takes), behind `separator`."""

    kind: CodeKind = CodeKind.NUMBER
    length: int = 0
    separator: str = "."

    def part(self, number: int) -> str:
        """The part of the n-th of its siblings, from 1. What needs more room than the length takes it."""
        if self.kind in (CodeKind.NUMBER, CodeKind.ANY):
            return str(number).zfill(self.length)
        letters = _letters(number, self.length)
        return letters if self.kind == CodeKind.UPPER else letters.lower()

    def fits(self, part: str) -> bool:
        """Whether a part that somebody has typed looks so. Letters are those of English, as they are ordered."""
        if not part or (self.length and len(part) != self.length):
            return False
        if self.kind == CodeKind.ANY:
            return part.isalnum()
        if not part.isascii():
            return False
        if self.kind == CodeKind.NUMBER:
            return part.isdigit()
        return part.isalpha() and (part.isupper() if self.kind == CodeKind.UPPER else part.islower())


_BEYOND: Final = MaskLevel()


@dataclass(frozen=True, slots=True)
class WbsMask:
    """`prefix` stands in front of all codes; levels below the last that is described are numbers behind a full stop.

    With `unique` no typed code is that of another task, and numbering leaves out what was typed.
    """

    prefix: str = ""
    levels: tuple[MaskLevel, ...] = ()
    unique: bool = False

    @property
    def usual(self) -> bool:
        """Whether codes are what they are without any mask: 1.2.3."""
        return not self.prefix and not self.levels and not self.unique

    def level(self, level: int) -> MaskLevel:
        """The mask of an outline level, from 1."""
        return self.levels[level - 1] if level <= len(self.levels) else _BEYOND

    def before(self, level: int, parent_code: str) -> str:
        """What a code begins with on a level, below a parent that has a code."""
        return f"{parent_code}{self.level(level).separator}" if level > 1 else self.prefix

    def code(self, level: int, parent_code: str, number: int) -> str:
        """The code of the n-th sibling on a level."""
        return self.before(level, parent_code) + self.level(level).part(number)

    def fits(self, level: int, parent_code: str, code: str) -> bool:
        """Whether a typed code belongs below its parent's and looks as the level says."""
        beginning = self.before(level, parent_code)
        return code.startswith(beginning) and self.level(level).fits(code[len(beginning) :])


def mask_of(prefix: str, levels: list[dict[str, Any]], unique: bool) -> WbsMask:
    """The mask from its stored members."""
    read = (MaskLevel(CodeKind(each["kind"]), each["length"], each["separator"]) for each in levels)
    return WbsMask(prefix, tuple(read), unique)


def _letters(number: int, length: int) -> str:
    """A, B … Z, AA, AB …; of a fixed length A stands for nothing: AA, AB … AZ, BA …"""
    found = ""
    rest = number - 1 if length else number
    while rest > 0:
        if not length:
            rest -= 1
        rest, letter = divmod(rest, _LETTERS)
        found = chr(ord("A") + letter) + found
    return found.rjust(length, "A") if length else found
