"""The process that sets one chart as a PDF: its pages as JSON on standard input, the file on standard output."""

import resource
import sys
from pathlib import Path
from typing import Final

import typst

from services.kernel.font_metrics import FONT_FOLDER

# The parent's wall limit is the one that counts; this one holds where the parent is gone.
CPU_SECONDS: Final = 120
_TEMPLATE: Final = Path(__file__).with_name("gantt.typ")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    pdf = typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=[FONT_FOLDER],
        ignore_system_fonts=True,
        sys_inputs={"contents": sys.stdin.buffer.read().decode()},
        format="pdf",
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
