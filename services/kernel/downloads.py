"""How a stored file is handed to a browser: never as anything that it might run, under a name that breaks no header.

RFC 6266 and RFC 8187 (Content-Disposition), RFC 9110 section 14 (ranges).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

# Types that no browser executes. Everything else (HTML, SVG, XML, scripts) goes out as plain bytes.
HARMLESS_MEDIA_TYPES: Final = frozenset(
    {
        "application/msword",
        "application/pdf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-project",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/zip",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/calendar",
        "text/csv",
        "text/plain",
    }
)
_PLAIN_BYTES: Final = "application/octet-stream"

_MAX_NAME_BYTES: Final = 200
_NAMELESS: Final = "file"
_RESERVED_ON_WINDOWS: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
# Cc control, Cf format (bidirectional overrides, zero width), Cs lone surrogate, Zl and Zp line ends.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# The attr-char of RFC 8187 that Python's quote does not keep by itself.
_ATTR_CHARACTERS: Final = "!#$&+^`|"
_NOT_IN_A_QUOTED_NAME: Final = re.compile(r'[^ -~]|["\\%;]')

_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class RangeNotSatisfiable(Exception):
    """Answer 416 with `Content-Range: bytes */{size}`."""

    def __init__(self, size: int) -> None:
        super().__init__(f"no such range of {size} bytes")
        self.size: Final = size


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` to before `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.end - self.start

    def content_range(self, size: int) -> str:
        """The Content-Range header of a 206 answer about an object of `size` bytes; its last position is inclusive."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def clean_filename(name: str) -> str:
    """A name to show and to save under, from whatever a client called its file.

    The last part of a path in either spelling, in normal form C, without invisible characters and without dots and
    blanks at either end; what Windows forbids becomes an underscore, and its device names get one; at most 200 bytes in
    UTF-8, keeping the extension; "file" where nothing is left. It is for display alone: no path is ever built from it.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    visible = "".join(character for character in last if unicodedata.category(character) not in _INVISIBLE)
    plain = re.sub(r'[<>:"|?*]', "_", visible).strip(" .")
    if _RESERVED_ON_WINDOWS.match(plain):
        plain = f"_{plain}"
    return _shortened(plain) or _NAMELESS


def _shortened(name: str) -> str:
    if len(name.encode()) <= _MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension if stem and len(extension.encode()) <= 16 else ""
    room = _MAX_NAME_BYTES - len(ending.encode())
    stem = name.removesuffix(ending).encode()[:room].decode(errors="ignore")
    return stem.rstrip(" .") + ending


def download_headers(filename: str, media_type: str) -> dict[str, str]:
    """The headers under which a file may leave: it is saved, not shown, and whatever opens it is locked in a sandbox.

    The name is cleaned here again. Clients that know RFC 8187 take `filename*`; the others a plain ASCII likeness.
    """
    name = clean_filename(filename)
    unaccented = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    likeness = _NOT_IN_A_QUOTED_NAME.sub("_", unaccented)
    bare_type = media_type.partition(";")[0].strip().lower()
    return {
        "Content-Type": bare_type if bare_type in HARMLESS_MEDIA_TYPES else _PLAIN_BYTES,
        "Content-Disposition": f"attachment; filename=\"{likeness}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARACTERS)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The one range of an object of `size` bytes that a Range header asks for; None means the whole object.

    Another unit than bytes is ignored, as RFC 9110 section 14.2 wants. Several ranges, a malformed one and one that
    begins behind the end raise RangeNotSatisfiable: a server is free to refuse them, and no honest client needs them.
    """
    if header is None or not header.lstrip()[:5].lower().startswith("bytes"):
        return None
    match = _RANGE.fullmatch(header.strip()) if len(header) < 64 else None
    if match is None:
        raise RangeNotSatisfiable(size)
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
        malformed = bool(last) and int(last) < int(first)
    else:
        start, end = max(0, size - int(last or 0)), size
        malformed = False
    if malformed or start >= end:
        raise RangeNotSatisfiable(size)
    return ByteRange(start, end)
