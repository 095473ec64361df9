"""PDFs are set in a process of their own with a wall limit: the typesetter knows none, and a report may be hostile."""

import asyncio
import sys
from pathlib import Path

import orjson
import structlog

from services.kernel.language import Language
from services.kernel.problems import Unavailable
from services.reporting.status_reports.rendering.figures import StatusReportFigures

_log = structlog.get_logger("pdf")
_ROOT = Path(__file__).parents[3]
_MODULE = "services.reporting.status_reports.pdf_process"


class RenderingTookTooLong(Unavailable):
    code = "rendering_took_too_long"
    title = {"en": "The document could not be set in time", "nb": "Dokumentet ble ikke ferdig i tide"}


class PdfWorker:
    """Sets at most `at_once` documents at a time, each within `wall_seconds` that include the wait for its turn."""

    def __init__(self, *, at_once: int = 2, wall_seconds: float = 20.0, module: str = _MODULE) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._wall_seconds = wall_seconds
        self._module = module

    async def render(self, figures: StatusReportFigures, language: Language) -> bytes:
        """The PDF's bytes. Raises RenderingTookTooLong; the process is killed then, and when the caller goes away."""
        try:
            async with asyncio.timeout(self._wall_seconds), self._turns:
                return await self._set(orjson.dumps(figures.to_json()), language)
        except TimeoutError as error:
            raise RenderingTookTooLong from error

    async def _set(self, document: bytes, language: Language) -> bytes:
        # It gets no environment but the path to its own code: the settings hold secrets that a typesetter needs not know.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            language,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(_ROOT)},
        )
        try:
            pdf, complaint = await process.communicate(document)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            _log.error("pdf not set", complaint=complaint.decode(errors="replace")[-2000:])
            raise RuntimeError(f"the typesetter ended with {process.returncode}")
        return pdf
