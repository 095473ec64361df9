"""Runs Tandem on this machine: ``python -m deploy.run``. The first run plays a short story, so that there is something to see."""

import argparse
import asyncio
import contextlib
import importlib
import json
import signal
import sys
from pathlib import Path

from deploy.local.errors import CannotStart, DataFolderUnusable
from deploy.local.stack import LocalStack

Rows = list[tuple[str, str]]


async def run(options: argparse.Namespace) -> None:
    """Start the stack, show what there is, and serve until a signal asks to stop, which cancels this task once."""
    serving = asyncio.current_task()
    assert serving is not None
    asked: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        if not asked:
            print("\nStopping ...", flush=True)
            serving.cancel()
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    with contextlib.suppress(asyncio.CancelledError):
        print(f"Starting Tandem ({options.mode}) over {options.data} ...", flush=True)
        async with LocalStack(options.data, mode=options.mode, port=options.port) as stack:
            print_table([("Gateway", stack.public_url), *await _story(stack)])
            print("Ctrl-C stops it; the data stays, and `make reset` wipes it.", flush=True)
            await asyncio.Event().wait()


async def _story(stack: LocalStack) -> Rows:
    """Play the demo's story once per data folder; later runs show what it left behind."""
    kept = stack.data / "story.json"
    if kept.exists():
        try:
            return [(str(name), str(value)) for name, value in json.loads(kept.read_text())]
        except (OSError, ValueError, TypeError) as error:
            raise DataFolderUnusable(stack.data, f"its {kept.name} cannot be read ({error}).") from error
    story = importlib.import_module("deploy.demo.story")
    rows: Rows = list(await story.play(stack.public_url, stack.environment, stack.data / "demo"))
    kept.write_text(json.dumps(rows, indent=2))
    return rows


def print_table(rows: Rows) -> None:
    """Names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    print()
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    print(flush=True)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.run", description="Run Tandem on this machine.")
    parser.add_argument("--mode", choices=("all-in-one", "separate"), default="all-in-one")
    parser.add_argument("--data", type=Path, default=Path(".tandem"), help="folder of everything that is kept")
    parser.add_argument("--port", type=int, default=8080, help="the gateway's port on 127.0.0.1")
    return parser.parse_args(arguments)


def main() -> int:
    """Exit status: 0 after a wanted stop, 1 when something foreseeable kept it from starting."""
    options = parse()
    try:
        asyncio.run(run(options))
    except CannotStart as reason:
        print(f"\nTandem cannot start. {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
