"""A multipart form (RFC 7578) with one file, read while it arrives: no part of the file is held back or spooled."""

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final, Literal

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from services.kernel.problems import Malformed, UnsupportedMediaType, ValidationFailed, error_at

MOST_FIELDS: Final = 10
MOST_FIELD_BYTES: Final = 8 * 1024
FILE: Final = "file"

_Event = tuple[Literal["begin", "data", "end"], bytes]


class FileForm:
    """One form, read in three steps: `open_file`, then all of `chunks`, then `finish`. `fields` is complete after that.

    Every step raises Malformed for a form that breaks off, repeats itself, or has too many or too long fields.
    """

    def __init__(self, content_type: str, body: AsyncIterable[bytes]) -> None:
        """Raises UnsupportedMediaType unless this is a multipart form, Malformed without a usable boundary."""
        media_type, parameters = parse_options_header(content_type)
        if media_type.lower() != b"multipart/form-data":
            raise UnsupportedMediaType(expected="multipart/form-data")
        self.fields: dict[str, str] = {}
        self._body = body
        self._events: deque[_Event] = deque()
        self._disposition = b""
        self._header = b""
        self._complete = False
        try:
            self._parser = MultipartParser(
                parameters[b"boundary"],
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except (KeyError, FormParserError) as error:
            raise Malformed(reason="the form names no usable boundary") from error
        self._read = self._parsed()

    async def open_file(self) -> str:
        """Read up to the file and return the name that its sender gives it. Raises ValidationFailed without a file."""
        filename = await self._read_fields()
        if filename is None:
            raise ValidationFailed(errors=[error_at(f"/{FILE}", "missing", "the form has no file of this name")])
        return filename

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the file that was opened."""
        async for kind, data in self._read:
            if kind == "end":
                return
            yield data
        raise Malformed(reason="the form breaks off inside its file")

    async def finish(self) -> None:
        """Read what stands behind the file."""
        if await self._read_fields() is not None:
            raise Malformed(reason="a form takes one file")

    async def _read_fields(self) -> str | None:
        """Keep fields until the next file begins; its name, or None at the end of the form."""
        name = value = ""
        taken = b""
        async for kind, data in self._read:
            if kind == "data":
                taken += data
                if len(taken) > MOST_FIELD_BYTES:
                    raise Malformed(reason="a field of the form is too long")
            elif kind == "begin":
                name, filename = _name_and_filename(data)
                if filename is not None and name == FILE:
                    return filename
                if name in self.fields or name == FILE or len(self.fields) >= MOST_FIELDS:
                    raise Malformed(reason="the form has too many fields, or one twice, or a file that is none")
                taken = b""
            else:
                value = _text(taken)
                if "\x00" in value:
                    raise Malformed(reason="a NUL character stands in a field")
                self.fields[name] = value
        if not self._complete:
            raise Malformed(reason="the form breaks off before its end")
        return None

    async def _parsed(self) -> AsyncIterator[_Event]:
        try:
            async for chunk in self._body:
                self._parser.write(chunk)
                while self._events:
                    yield self._events.popleft()
        except FormParserError as error:
            raise Malformed(reason="the body is no multipart form") from error
        except ClientDisconnect as error:
            raise Malformed(reason="the body ended early") from error

    def _on_part_begin(self) -> None:
        self._disposition = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition += data[start:end]

    def _on_header_end(self) -> None:
        self._header = b""

    def _on_headers_finished(self) -> None:
        self._events.append(("begin", self._disposition))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(("data", bytes(data[start:end])))

    def _on_part_end(self) -> None:
        self._events.append(("end", b""))

    def _on_end(self) -> None:
        self._complete = True


def _name_and_filename(disposition: bytes) -> tuple[str, str | None]:
    kind, options = parse_options_header(disposition)
    if kind != b"form-data" or b"name" not in options:
        raise Malformed(reason="a part of the form has no name")
    filename = options.get(b"filename")
    return _text(options[b"name"]), None if filename is None else filename.decode(errors="replace")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed(reason="a field of the form is no UTF-8") from error
