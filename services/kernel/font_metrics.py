"""What the shipped font can show and how wide it shows it, read from the font file itself (OpenType cmap and hmtx).

Charts clip texts by measure instead of by count, and a PDF/A may not hold a character that its font lacks.
"""

import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FONT_FOLDER: Final = Path(__file__).parent / "fonts"
FONT_FAMILY: Final = "Noto Sans"


@dataclass(frozen=True, slots=True)
class FontMetrics:
    """Advance widths by code point, in fractions of the font size."""

    advances: dict[int, float]

    def covers(self, character: str) -> bool:
        """Tell whether the font has a glyph for the character."""
        return ord(character) in self.advances

    def width(self, text: str, size: float) -> float:
        """Return the text's width at a font size, in the size's unit; a character the font lacks counts one em."""
        return size * sum(self.advances.get(ord(character), 1.0) for character in text)

    def clipped(self, text: str, size: float, room: float) -> str:
        """Return the text, or as much of it as fits the room with an ellipsis at the end."""
        # No glyph is narrower than a twentieth of an em, so what lies beyond cannot fit and is not measured.
        head = text[: int(room / size * 20) + 1]
        if len(head) == len(text) and self.width(text, size) <= room:
            return text
        room -= self.width("…", size)
        kept, used = 0, 0.0
        for character in head:
            used += self.width(character, size)
            if used > room:
                break
            kept += 1
        return f"{text[:kept].rstrip()}…"


@cache
def regular_font() -> FontMetrics:
    """Return the metrics of the regular weight."""
    return read_metrics((FONT_FOLDER / "NotoSans-Regular.ttf").read_bytes())


def read_metrics(font: bytes) -> FontMetrics:
    """Read the metrics of a TrueType file with a Unicode cmap of format 4 (OpenType 1.9, cmap, head, hhea, hmtx)."""
    count = struct.unpack_from(">H", font, 4)[0]
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    units = struct.unpack_from(">H", font, tables[b"head"] + 18)[0]
    measured = struct.unpack_from(">H", font, tables[b"hhea"] + 34)[0]

    def advance(glyph: int) -> float:
        at = tables[b"hmtx"] + 4 * min(glyph, measured - 1)
        return float(struct.unpack_from(">H", font, at)[0] / units)

    return FontMetrics({code: advance(glyph) for code, glyph in _glyphs(font, tables[b"cmap"]).items()})


def _glyphs(font: bytes, cmap: int) -> dict[int, int]:
    """Return glyph by code point from the first format 4 subtable."""
    subtables = (
        cmap + struct.unpack_from(">I", font, cmap + 8 + 8 * n)[0]
        for n in range(struct.unpack_from(">H", font, cmap + 2)[0])
    )
    table = next(at for at in subtables if struct.unpack_from(">H", font, at)[0] == 4)
    segments = struct.unpack_from(">H", font, table + 6)[0] // 2
    ends, starts, deltas, offsets = (table + at for at in (14, 16 + 2 * segments, 16 + 4 * segments, 16 + 6 * segments))
    glyphs = {}
    for segment in range(segments):
        start, end, delta, offset = (
            struct.unpack_from(">H", font, at + 2 * segment)[0] for at in (starts, ends, deltas, offsets)
        )
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", font, offsets + 2 * segment + offset + 2 * (code - start))[0]
            glyph = (glyph + delta) % 0x10000 if glyph or not offset else 0
            if glyph:
                glyphs[code] = glyph
    return glyphs
