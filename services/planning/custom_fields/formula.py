"""The language of formulas: read once into a tree, checked for types before anything is computed, then computed.

    if(percent_complete = 100, "closed", if(finish > deadline, "late by " & (finish - deadline) & " days", "open"))

Values are numbers (exact decimals), texts, days and flags. What is blank makes blank what is reckoned with it, and counts as
false. What cannot be computed is a value too, a Failure, which goes through everything that is reckoned with it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Final

MAXIMUM_LENGTH: Final = 2_000
MAXIMUM_DEPTH: Final = 60
MAXIMUM_TEXT: Final = 500
# Decimals that a result keeps, and the bound that it stays below.
DECIMALS: Final = 10
_BOUND: Final = Decimal(10) ** 18
_EXACT: Final = Context(prec=60)
_FIRST_DAY, _LAST_DAY = date(1971, 1, 1), date(2199, 12, 31)


class ValueType(StrEnum):
    NUMBER = "number"
    TEXT = "text"
    DAY = "day"
    FLAG = "flag"


class Failure(Enum):
    """Why there is no value."""

    DIVISION_BY_ZERO = "division_by_zero"
    OUT_OF_RANGE = "out_of_range"


Value = Decimal | str | date | bool | Failure | None


class FormulaError(Exception):
    """The text is no formula: `reason` says why, `position` which character it is about, counted from 1."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} (character {position})")
        self.reason = reason
        self.position = position


# The tree


@dataclass(frozen=True, slots=True)
class Literal:
    value: Decimal | str | bool
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator with what it is applied to."""

    function: str
    arguments: tuple["Node", ...]
    at: int


Node = Literal | Name | Call


@lru_cache(maxsize=256)
def parse(text: str) -> Node:
    """The tree of a formula. Raises FormulaError."""
    if len(text) > MAXIMUM_LENGTH:
        raise FormulaError(f"is longer than {MAXIMUM_LENGTH} characters", MAXIMUM_LENGTH)
    return _Parser(text).whole()


def names_in(node: Node) -> set[str]:
    """The fields and members of the task that a formula speaks of."""
    return {each.name for each in _walk(node) if isinstance(each, Name)}


def _walk(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from _walk(argument)


_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>[0-9]{1,18}(?:\.[0-9]{1,10})?(?![0-9.]))|(?P<text>"[^"\r\n]{0,500}")"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]{0,59})|(?P<sign><=|>=|<>|[-+*/&=<>(),]))"""
)
_END: Final = ("end", "")
# Weakest first; comparisons do not chain.
_LEVELS: Final = (("or",), ("and",), ("=", "<>", "<", "<=", ">", ">="), ("&",), ("+", "-"), ("*", "/"))
_COMPARISONS: Final = _LEVELS[2]


class _Parser:
    """Recursive descent over the tokens; the depth is counted, so that no text runs the stack out."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._level(0)
        if self._kind != "end":
            raise FormulaError(f"does not end before {self._word[:20]}", self._at)
        if _depth_of(node) > MAXIMUM_DEPTH:
            raise FormulaError("nests too deeply", 1)
        return node

    @property
    def _kind(self) -> str:
        return self._tokens[self._place][0]

    @property
    def _word(self) -> str:
        return self._tokens[self._place][1]

    @property
    def _at(self) -> int:
        return self._tokens[self._place][2]

    def _take(self) -> tuple[str, str, int]:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _is(self, *words: str) -> bool:
        return self._kind in ("sign", "name") and self._word in words

    def _expect(self, word: str) -> None:
        if not self._is(word):
            raise FormulaError(f"wants {word} here", self._at)
        self._take()

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._prefixed()
        node = self._level(level + 1)
        while self._is(*_LEVELS[level]):
            _, operator, at = self._take()
            node = Call(operator, (node, self._level(level + 1)), at)
            if operator in _COMPARISONS and self._is(*_COMPARISONS):
                raise FormulaError("compares more than two things at once", self._at)
        return node

    def _prefixed(self) -> Node:
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise FormulaError("nests too deeply", self._at)
        try:
            if self._is("-", "not"):
                _, operator, at = self._take()
                return Call("negative" if operator == "-" else "not", (self._prefixed(),), at)
            return self._simple()
        finally:
            self._depth -= 1

    def _simple(self) -> Node:
        kind, word, at = self._take()
        if kind == "number":
            return Literal(Decimal(word), at)
        if kind == "text":
            return Literal(word[1:-1], at)
        if kind == "sign" and word == "(":
            node = self._level(0)
            self._expect(")")
            return node
        if kind != "name":
            raise FormulaError("wants a value here", at)
        if word in ("true", "false"):
            return Literal(word == "true", at)
        if not self._is("("):
            return Name(word, at)
        self._take()
        arguments: list[Node] = []
        while not self._is(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._level(0))
        self._take()
        if word not in _FUNCTIONS:
            raise FormulaError(f"knows no function {word}", at)
        return Call(word, tuple(arguments), at)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            raise FormulaError("has a character that means nothing here", place + 1)
        kind = str(found.lastgroup)
        yield kind, found[kind], found.start(kind) + 1
        place = found.end()
    yield (*_END, end + 1)


def _depth_of(node: Node) -> int:
    """How deep the tree is, without recursion: a chain of a thousand signs is a tree of a thousand levels."""
    deepest, pending = 0, [(node, 1)]
    while pending:
        each, depth = pending.pop()
        deepest = max(deepest, depth)
        if isinstance(each, Call):
            pending.extend((argument, depth + 1) for argument in each.arguments)
    return deepest


# Types


def type_of(node: Node, types: Mapping[str, ValueType]) -> ValueType:
    """The type of what a formula yields, where the names have these types. Raises FormulaError."""
    match node:
        case Literal(bool()):
            return ValueType.FLAG
        case Literal(Decimal()):
            return ValueType.NUMBER
        case Literal():
            return ValueType.TEXT
        case Name(name, at):
            if name not in types:
                raise FormulaError(f"speaks of {name}, which is neither a field nor a member of a task", at)
            return types[name]
    given = [type_of(each, types) for each in node.arguments]
    if node.function == "date":
        return _type_of_date(node)
    return _typed(node, given)


def _type_of_date(node: Call) -> ValueType:
    written = node.arguments[0] if len(node.arguments) == 1 else None
    if not isinstance(written, Literal) or not isinstance(written.value, str) or _day(written.value) is None:
        raise FormulaError('wants date("2026-03-31")', node.at)
    return ValueType.DAY


def _typed(node: Call, given: Sequence[ValueType]) -> ValueType:
    number, day, flag = ValueType.NUMBER, ValueType.DAY, ValueType.FLAG
    same = len(set(given)) == 1
    match node.function, list(given):
        case "if", [ValueType.FLAG, one, other] if one == other:
            return one
        case "min" | "max", [first, *_] if same and first in (number, day):
            return first
        case "coalesce", [first, *_] if same:
            return first
        case "blank", [_]:
            return flag
        case (
            ("abs", [ValueType.NUMBER])
            | ("round", [ValueType.NUMBER])
            | ("round", [ValueType.NUMBER, ValueType.NUMBER])
        ):
            return number
        case "negative", [ValueType.NUMBER]:
            return number
        case "not", [ValueType.FLAG]:
            return flag
        case "and" | "or", [ValueType.FLAG, ValueType.FLAG]:
            return flag
        case "=" | "<>", [_, _] if same:
            return flag
        case "<" | "<=" | ">" | ">=", [first, _] if same and first != flag:
            return flag
        case "&", [_, _]:
            return ValueType.TEXT
        case "+" | "-" | "*" | "/", [ValueType.NUMBER, ValueType.NUMBER]:
            return number
        case "-", [ValueType.DAY, ValueType.DAY]:
            return number
        case "+" | "-", [ValueType.DAY, ValueType.NUMBER]:
            return day
    raise FormulaError(f"cannot apply {node.function} to {', '.join(given) or 'nothing'}", node.at)


# Values


def evaluate(node: Node, values: Mapping[str, Value]) -> Value:
    """What a formula that was checked yields; a name without a value is blank."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Name):
        return values.get(node.name)
    result = _FUNCTIONS_AND_SIGNS[node.function](node.arguments, values)
    if isinstance(result, Decimal):
        return result if abs(result) < _BOUND else Failure.OUT_OF_RANGE
    if isinstance(result, str) and len(result) > MAXIMUM_TEXT:
        return Failure.OUT_OF_RANGE
    return result


def kept(value: Value) -> Value:
    """A result as it is stored: a number with ten decimals at most, and an empty text as nothing."""
    if isinstance(value, Decimal):
        rounded = value.quantize(Decimal(1).scaleb(-DECIMALS), context=_EXACT)
        return abs(rounded) if rounded == 0 else rounded
    return None if value == "" else value


def text_of(value: Decimal | str | date | bool) -> str:
    """A value in words of a formula's text: numbers without needless zeros, days as 2026-03-31."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        plain = f"{kept(value):f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return value if isinstance(value, str) else value.isoformat()


_Arguments = Sequence[Node]
_Values = Mapping[str, Value]
_Function = Callable[[_Arguments, _Values], Value]


def _strict(reckon: Callable[..., Value]) -> _Function:
    """A function of values: blank where one of them is, and the first failure where there is one."""

    def function(arguments: _Arguments, values: _Values) -> Value:
        given = [evaluate(each, values) for each in arguments]
        failed = next((each for each in given if isinstance(each, Failure)), None)
        if failed is not None:
            return failed
        return None if any(each is None for each in given) else reckon(*given)

    return function


def _if(arguments: _Arguments, values: _Values) -> Value:
    condition = evaluate(arguments[0], values)
    if isinstance(condition, Failure):
        return condition
    return evaluate(arguments[1] if condition is True else arguments[2], values)


def _coalesce(arguments: _Arguments, values: _Values) -> Value:
    for each in arguments:
        value = evaluate(each, values)
        if value is not None and value != "":
            return value
    return None


def _blank(arguments: _Arguments, values: _Values) -> Value:
    value = evaluate(arguments[0], values)
    return value if isinstance(value, Failure) else value is None or value == ""


def _either(until: bool) -> _Function:
    """`or` (until something is true) and `and` (until something is not)."""

    def function(arguments: _Arguments, values: _Values) -> Value:
        for each in arguments:
            value = evaluate(each, values)
            if isinstance(value, Failure):
                return value
            if (value is True) is until:
                return until
        return not until

    return function


def _not(arguments: _Arguments, values: _Values) -> Value:
    value = evaluate(arguments[0], values)
    return value if isinstance(value, Failure) else value is not True


def _extreme(choose: Callable[..., Value]) -> _Function:
    """The least or the greatest of those that are not blank."""

    def function(arguments: _Arguments, values: _Values) -> Value:
        given = [evaluate(each, values) for each in arguments]
        failed = next((each for each in given if isinstance(each, Failure)), None)
        known = [each for each in given if each is not None]
        return failed or (choose(known) if known else None)

    return function


def _joined(arguments: _Arguments, values: _Values) -> Value:
    words = ""
    for each in arguments:
        value = evaluate(each, values)
        if isinstance(value, Failure):
            return value
        words += "" if value is None else text_of(value)
    return words


def _plus(left: Decimal | date, right: Decimal) -> Value:
    return _EXACT.add(left, right) if isinstance(left, Decimal) else _moved(left, right)


def _minus(left: Decimal | date, right: Decimal | date) -> Value:
    if isinstance(left, Decimal):
        return _EXACT.subtract(left, right) if isinstance(right, Decimal) else None
    return _moved(left, -right) if isinstance(right, Decimal) else Decimal((left - right).days)


def _moved(day: date, days: Decimal) -> Value:
    """A day so many whole days later; parts of a day count for nothing."""
    if abs(days) > 100_000:
        return Failure.OUT_OF_RANGE
    moved = day + timedelta(days=int(days))
    return moved if _FIRST_DAY <= moved <= _LAST_DAY else Failure.OUT_OF_RANGE


def _divided(left: Decimal, right: Decimal) -> Value:
    return Failure.DIVISION_BY_ZERO if right == 0 else _EXACT.divide(left, right)


def _rounded(number: Decimal, decimals: Decimal = Decimal(0)) -> Value:
    """Half away from nothing, as spreadsheets round; a negative number of decimals rounds to tens and hundreds."""
    if abs(decimals) > 18:
        return Failure.OUT_OF_RANGE
    step = Decimal(1).scaleb(-int(decimals))
    return (number / step).quantize(Decimal(1), ROUND_HALF_UP, _EXACT) * step


def _day(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST_DAY <= day <= _LAST_DAY else None


_FUNCTIONS: Final[Mapping[str, _Function]] = {
    "if": _if,
    "min": _extreme(min),
    "max": _extreme(max),
    "abs": _strict(abs),
    "round": _strict(_rounded),
    "date": _strict(_day),
    "coalesce": _coalesce,
    "blank": _blank,
}
_FUNCTIONS_AND_SIGNS: Final[Mapping[str, _Function]] = {
    **_FUNCTIONS,
    "negative": _strict(lambda number: -number),
    "not": _not,
    "or": _either(True),
    "and": _either(False),
    "=": _strict(lambda left, right: left == right),
    "<>": _strict(lambda left, right: left != right),
    "<": _strict(lambda left, right: left < right),
    "<=": _strict(lambda left, right: left <= right),
    ">": _strict(lambda left, right: left > right),
    ">=": _strict(lambda left, right: left >= right),
    "&": _joined,
    "+": _strict(_plus),
    "-": _strict(_minus),
    "*": _strict(_EXACT.multiply),
    "/": _strict(_divided),
}
# What a field cannot be called, since the language has the word.
WORDS: Final = frozenset({*_FUNCTIONS, "and", "or", "not", "true", "false"})
