"""What a file is, by its first bytes."""

import pytest

from services.coordination.documents.media_type import HEAD_BYTES, PLAIN_BYTES, detect

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("head", "filename", "media_type"),
    [
        (b"%PDF-1.7", "drawing.pdf", "application/pdf"),
        (b"%PDF-1.7", "drawing.html", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "a", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.jpg", "image/jpeg"),
        (b"GIF89a", "a.gif", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a.webp", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a.wav", PLAIN_BYTES),
        (b"PK\x03\x04", "a.XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"PK\x03\x04", "a.jar", "application/zip"),
        (OLE, "plan.mpp", "application/vnd.ms-project"),
        (OLE, "setup.msi", PLAIN_BYTES),
        ("blåbær".encode(), "a.txt", "text/plain"),
        (b"", "empty.txt", "text/plain"),
        (b"a;b\r\n1;2\r\n", "a.csv", "text/csv"),
        (b"words", "a.html", PLAIN_BYTES),
        (b"words", "noextension", PLAIN_BYTES),
    ],
)
def test_the_first_bytes_tell_and_the_name_only_helps(head: bytes, filename: str, media_type: str) -> None:
    assert detect(head, filename) == media_type


@pytest.mark.parametrize("head", [b"  <html>", b"\x00binary", b"\xff\xfe", "a\u202eb".encode()])
def test_what_is_no_plain_text_is_not_called_so(head: bytes) -> None:
    assert detect(head, "a.txt") == PLAIN_BYTES


def test_a_sign_that_the_head_cuts_in_two_is_still_text() -> None:
    head = ("x" * (HEAD_BYTES - 1) + "å").encode()[:HEAD_BYTES]
    assert detect(head, "a.txt") == "text/plain"
    assert detect(head[:-1] + b"\xff", "a.txt") == "text/plain"
    assert detect(b"\xff" + head[1:], "a.txt") == PLAIN_BYTES
