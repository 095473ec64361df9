"""Downloads (F01, F02, F08, F09): a clean name, headers that no name breaks, and one range at most."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.downloads import (
    ByteRange,
    RangeNotSatisfiable,
    clean_filename,
    download_headers,
    parse_range,
)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Møtereferat 12.pdf", "Møtereferat 12.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/absolute/x.txt", "x.txt"),
        ("C:\\x.txt", "x.txt"),
        ("%2e%2e/", "file"),
        ("..", "file"),
        ("", "file"),
        (" . ", "file"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("report.pdf. . .", "report.pdf"),
        (".htaccess", "htaccess"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("console.txt", "console.txt"),
        ("a:b|c?.txt", "a_b_c_.txt"),
        ("A\u030angstro\u0308m.txt", "Ångström.txt"),
        ("half \ud83d.txt", "half .txt"),
    ],
)
def test_a_name_is_cleaned_for_display(name: str, cleaned: str) -> None:
    assert clean_filename(name) == cleaned


def test_a_long_name_is_cut_and_keeps_its_extension() -> None:
    cleaned = clean_filename("æ" * 300 + ".docx")

    assert len(cleaned.encode()) <= 200
    assert cleaned.endswith("æ.docx")
    assert len(clean_filename("x" * 300).encode()) == 200
    assert len(clean_filename("x." + "y" * 300).encode()) == 200


@given(st.text())
def test_cleaning_twice_changes_nothing_more_and_always_leaves_a_name(name: str) -> None:
    cleaned = clean_filename(name)

    assert cleaned
    assert clean_filename(cleaned) == cleaned
    assert not set(cleaned) & set('/\\\r\n\0"')


@pytest.mark.parametrize(
    "media_type",
    ["text/html", "image/svg+xml", "application/xml", "text/javascript", "multipart/related", "", "x\r\ny: z"],
)
def test_what_a_browser_might_run_leaves_as_plain_bytes(media_type: str) -> None:
    assert download_headers("x", media_type) == {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": "attachment; filename=\"x\"; filename*=UTF-8''x",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def test_a_harmless_type_is_named_without_its_parameters() -> None:
    assert download_headers("x", "Text/CSV; header=present")["Content-Type"] == "text/csv"


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("møte.pdf", "attachment; filename=\"m_te.pdf\"; filename*=UTF-8''m%C3%B8te.pdf"),
        ("cafe\u0301 1.pdf", "attachment; filename=\"cafe 1.pdf\"; filename*=UTF-8''caf%C3%A9%201.pdf"),
        ("a;b'c(1)%41.pdf", "attachment; filename=\"a_b'c(1)_41.pdf\"; filename*=UTF-8''a%3Bb%27c%281%29%2541.pdf"),
        (
            '"; x="\r\nSet-Cookie: a=b',
            "attachment; filename=\"__ x=_Set-Cookie_ a=b\"; filename*=UTF-8''_%3B%20x%3D_Set-Cookie_%20a%3Db",
        ),
    ],
)
def test_the_name_travels_in_both_forms_and_breaks_neither(name: str, disposition: str) -> None:
    assert download_headers(name, "application/pdf")["Content-Disposition"] == disposition


@given(st.text())
def test_no_name_adds_a_header_or_a_parameter(name: str) -> None:
    disposition = download_headers(name, "application/pdf")["Content-Disposition"]

    assert disposition.isascii()
    assert disposition.isprintable()
    assert disposition.count('"') == 2
    assert disposition.count(";") == 2


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("lines=1-2", None),
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=10-", ByteRange(10, 100)),
        ("bytes=90-1000", ByteRange(90, 100)),
        ("Bytes = 1-2 ", ByteRange(1, 3)),
        ("bytes=-10", ByteRange(90, 100)),
        ("bytes=-1000", ByteRange(0, 100)),
        ("bytes=50-999999999999999999", ByteRange(50, 100)),
    ],
)
def test_one_range_is_understood(header: str | None, expected: ByteRange | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(
    "header",
    [
        "bytes=100-",
        "bytes=100-200",
        "bytes=5-2",
        "bytes=-0",
        "bytes=-",
        "bytes=",
        "bytes=a-b",
        "bytes=-5-3",
        "bytes=0-1,2-3",
        "bytes=+1-2",
        "bytes=٣-٤",
        "bytes=" + "9" * 30 + "-",
        "bytes=" + ",".join(["0-1"] * 10_000),
    ],
)
def test_any_other_range_is_refused_at_once(header: str) -> None:
    began = time.process_time()
    with pytest.raises(RangeNotSatisfiable) as refusal:
        parse_range(header, 100)
    assert refusal.value.size == 100
    assert time.process_time() - began < 0.05


def test_no_range_of_an_empty_object_can_be_had() -> None:
    for header in ("bytes=0-", "bytes=-1"):
        with pytest.raises(RangeNotSatisfiable):
            parse_range(header, 0)


def test_a_partial_answer_names_its_last_byte() -> None:
    assert ByteRange(0, 10).content_range(100) == "bytes 0-9/100"
    assert ByteRange(0, 10).length == 10
