"""Groups A, B, C, H and I of the attack list are all here: a test's name begins with its id."""

import ast
from pathlib import Path

CASES = (
    {f"A{number:02}" for number in range(1, 21)}
    | {f"B{number:02}" for number in range(1, 11)}
    | {f"C{number:02}" for number in range(1, 13)}
    | {f"H{number:02}" for number in range(1, 10)}
    | {f"I{number:02}" for number in range(1, 19)}
)
WAITING = {
    "A17": "nothing calls out to webhooks yet; with them comes the test that each tenant's get its own alone",
    "I11": "nothing limits a tenant's rate yet; with limits comes the test that one tenant's flood is only its own",
}


def test_every_case_of_these_groups_is_a_test_or_says_what_it_waits_for() -> None:
    named = {
        node.name.split("_")[1]
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
    missing = CASES - named - set(WAITING)
    assert not missing, f"Write a test_<id>_… for each of these: {sorted(missing)}"
    assert not named & set(WAITING), "What has a test waits no more: take it off the list"
