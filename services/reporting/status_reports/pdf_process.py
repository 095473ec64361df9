"""The process that sets one PDF: a report's figures as JSON on standard input, the file on standard output."""

import resource
import sys

import orjson

from services.kernel.language import Language
from services.reporting.status_reports.rendering.figures import StatusReportFigures
from services.reporting.status_reports.rendering.pdf import render_pdf

# The parent's wall limit is the one that counts; this one holds where the parent is gone.
CPU_SECONDS = 60


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    figures = StatusReportFigures.from_json(orjson.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(render_pdf(figures, Language(sys.argv[1])))


if __name__ == "__main__":
    main()
