"""A stored file on its way out: whole or one range of it, and never a byte that was not uploaded.

RFC 9110 (conditional and range requests), RFC 9530 (digest fields).
"""

import base64
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response, StreamingResponse

from services.coordination.documents.document import DocumentDamaged
from services.kernel.downloads import RangeNotSatisfiable, download_headers, parse_range
from services.kernel.problems import RangeNotSatisfiable as RangeNotSatisfiableProblem
from services.kernel.problems import Unavailable
from services.kernel.storage import ObjectDamaged, ObjectMissing, Storage, StorageFailed, StoredObject


async def send_file(storage: Storage, file: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """The answer to a GET of `file` (`filename, media_type, size, sha256, storage_key`) with these request headers.

    Raises DocumentDamaged, Unavailable and RangeNotSatisfiable (416).
    """
    stored = StoredObject(file["storage_key"], file["size"], file["sha256"])
    etag = f'"{stored.sha256}"'
    digest = f"sha-256=:{base64.b64encode(bytes.fromhex(stored.sha256)).decode()}:"
    answered = {"ETag": etag, "Repr-Digest": digest, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    answered |= download_headers(file["filename"], file["media_type"])
    known = headers.get("if-none-match", "")
    if known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(b"", 304, {"ETag": etag, "Cache-Control": answered["Cache-Control"]})
    asked = headers.get("range") if headers.get("if-range", etag) == etag else None
    try:
        byte_range = parse_range(asked, stored.size)
        if byte_range is not None:
            # The hash covers the whole file, so a part of it is only known to be right when all of it is.
            await storage.verify(stored)
        body = await storage.open(stored, byte_range)
    except RangeNotSatisfiable as error:
        raise RangeNotSatisfiableProblem(headers={"Content-Range": f"bytes */{error.size}"}) from error
    except (ObjectDamaged, ObjectMissing) as error:
        raise DocumentDamaged from error
    except StorageFailed as error:
        raise Unavailable from error
    if byte_range is None:
        answered |= {"Content-Digest": digest, "Content-Length": str(stored.size)}
        return StreamingResponse(body, 200, answered)
    answered |= {"Content-Range": byte_range.content_range(stored.size), "Content-Length": str(byte_range.length)}
    return StreamingResponse(body, 206, answered)
