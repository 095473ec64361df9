"""A hardened, streaming view of a large XML file: one small tree per record, never the whole document.

Document types, entities and external references are refused before anything is expanded (OWASP, XML external entities).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

_CHUNK: Final = 1 << 16


class UnreadableFile(Exception):
    """The file cannot be read as what it claims to be; `code` says why, `line` (1 is the first) and `place` where."""

    def __init__(self, code: str, detail: str, line: int, place: str = "") -> None:
        self.place = place or f"line {line}"
        super().__init__(f"{self.place}: {detail}")
        self.code = code
        self.detail = detail
        self.line = line


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: bytes read, records of one kind, nesting of elements, characters in one element."""

    max_bytes: int = 200_000_000
    max_records: int = 200_000
    max_depth: int = 24
    max_text: int = 4_000_000


@dataclass(slots=True)
class Record:
    """An element with its text and children; `line` is where it begins."""

    tag: str
    line: int
    text: str = ""
    children: list[Record] = field(default_factory=list)

    def get(self, tag: str) -> str | None:
        """The text of the first child with this tag; None when it is absent or empty."""
        for child in self.children:
            if child.tag == tag:
                return child.text or None
        return None

    def first(self, tag: str) -> Record | None:
        """The first child with this tag."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> list[Record]:
        """The children with this tag."""
        return [child for child in self.children if child.tag == tag]


class _Target:
    """Collects finished records at the wanted paths and counts every element that holds a value, by path."""

    def __init__(self, root: str, wanted: Collection[str], limits: Limits) -> None:
        self.root = root
        self.wanted = frozenset(wanted)
        self.limits = limits
        self.expat: Any = None
        self.counts: Counter[str] = Counter()
        self.finished: list[tuple[str, Record]] = []
        self.seen: Counter[str] = Counter()
        self._path: list[str] = []
        self._open: list[Record] = []
        self._text: list[str] = []
        self._length = 0
        self._leaf = False

    @property
    def line(self) -> int:
        """The line the parser stands in."""
        return int(self.expat.CurrentLineNumber)

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        path = f"{self._path[-1]}/{name}" if self._path else name
        if not self._path and name != self.root:
            raise UnreadableFile("not_this_format", f"the root element is {name!r}, not {self.root!r}", self.line)
        if len(self._path) >= self.limits.max_depth:
            raise UnreadableFile("too_deep", f"elements nest deeper than {self.limits.max_depth}", self.line)
        if path in self.wanted:
            self.seen[path] += 1
            if self.seen[path] > self.limits.max_records:
                raise UnreadableFile("too_many_records", f"more than {self.limits.max_records} of {path}", self.line)
        if self._open or path in self.wanted:
            record = Record(name, self.line)
            if self._open:
                self._open[-1].children.append(record)
            self._open.append(record)
        self._path.append(path)
        self._text.clear()
        self._length = 0
        self._leaf = True

    def data(self, text: str) -> None:
        self._length += len(text)
        if self._length > self.limits.max_text:
            raise UnreadableFile("text_too_long", "an element holds too much text", self.line)
        self._text.append(text)

    def end(self, _tag: str) -> None:
        path = self._path.pop()
        text = "".join(self._text).strip() if self._leaf else ""
        if text:
            self.counts[path] += 1
        if self._open:
            record = self._open.pop()
            record.text = text
            if not self._open:
                self.finished.append((path, record))
        elif self._leaf and text:
            self.finished.append((path, Record(path.rpartition("/")[2], self.line, text)))
        self._text.clear()
        self._leaf = False

    def close(self) -> None:
        return None


class RecordStream:
    """Iterates over `(path, record)` of a file: whole records at the wanted paths, single values outside of them.

    `counts` holds, by path, how many elements carried a value, once the iteration is over. Raises UnreadableFile with code
    `not_xml`, `forbidden_dtd`, `forbidden_entity`, `not_this_format`, `too_large`, `too_deep`, `too_many_records` or
    `text_too_long`.
    """

    def __init__(self, stream: BinaryIO, root: str, wanted: Collection[str], limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._target = _Target(root, wanted, limits)

    @property
    def counts(self) -> Counter[str]:
        """Elements with a value, by path."""
        return self._target.counts

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        target = self._target
        parser = DefusedXMLParser(target=target, forbid_dtd=True)
        target.expat = parser.parser
        read = 0
        while True:
            chunk = self._stream.read(_CHUNK)
            read += len(chunk)
            if read > self._limits.max_bytes:
                raise UnreadableFile(
                    "too_large", f"the file is larger than {self._limits.max_bytes} bytes", target.line
                )
            try:
                if chunk:
                    parser.feed(chunk)
                else:
                    parser.close()
            except ParseError as error:
                raise UnreadableFile("not_xml", str(error), error.position[0]) from error
            except DTDForbidden as error:
                line = target.line
                raise UnreadableFile("forbidden_dtd", "a document type is not accepted", line) from error
            except DefusedXmlException as error:
                line = target.line
                raise UnreadableFile("forbidden_entity", "entities and references are not accepted", line) from error
            except (LookupError, ValueError) as error:
                raise UnreadableFile("not_xml", str(error), target.line) from error
            yield from target.finished
            target.finished.clear()
            if not chunk:
                return
