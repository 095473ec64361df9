"""What a file is, judged by its first bytes and not by what its sender says of it. Pure."""

from typing import Final

# As many of a file's first bytes as the judgement looks at.
HEAD_BYTES: Final = 4096
PLAIN_BYTES: Final = "application/octet-stream"

_SIGNATURES: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument"
# Office files are archives or OLE containers; which of them, only the name tells.
_ARCHIVES: Final = {
    "docx": f"{_OPEN_XML}.wordprocessingml.document",
    "xlsx": f"{_OPEN_XML}.spreadsheetml.sheet",
    "pptx": f"{_OPEN_XML}.presentationml.presentation",
    "odt": f"{_OPEN_DOCUMENT}.text",
    "ods": f"{_OPEN_DOCUMENT}.spreadsheet",
    "odp": f"{_OPEN_DOCUMENT}.presentation",
}
_CONTAINERS: Final = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "mpp": "application/vnd.ms-project",
}
_TEXTS: Final = {
    "txt": "text/plain",
    "md": "text/plain",
    "log": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
}


def detect(head: bytes, filename: str) -> str:
    """The media type of a file that begins with `head` (at most HEAD_BYTES). What is not known is plain bytes.

    Markup and scripts are never given a type of their own: nothing that a browser might run shall leave as such.
    """
    extension = filename.rpartition(".")[2].lower()
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _ARCHIVES.get(extension, "application/zip")
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _CONTAINERS.get(extension, PLAIN_BYTES)
    if extension in _TEXTS and _is_text(head):
        return _TEXTS[extension]
    return PLAIN_BYTES


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The last sign may have been cut in two where the head ends.
        if len(head) < HEAD_BYTES or error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    return all(sign.isprintable() or sign in "\r\n\t" for sign in text) and not text.lstrip().startswith("<")
