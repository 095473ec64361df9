"""The public conformance suite of RFC 7643 and RFC 7644 (scim2-tester), run against the system."""

import asyncio
import re

from scim2_tester import Status, check_server

from tests.factories.scim import ConformanceClient, make_provisioner
from tests.factories.system import SystemUnderTest

# Whoever says no more whether somebody is active, has said yes: a default, as RFC 7644 section 3.5.1 allows.
HAS_A_DEFAULT = "PATCH modify() did not remove attribute 'active'"


def is_fair(reason: str) -> bool:
    """Whether it was right of the suite to complain.

    The name of a group's member is read-only, so it comes back although nobody sent it; the suite wants back what it
    sent, to the letter.
    """
    values = re.findall(r"^(?:Patched|Returned) value: (.*)$", reason, re.MULTILINE)
    without_names = {re.sub(r"display='?[^',)]*'?", "display", value) for value in values}
    return reason != HAS_A_DEFAULT and not (len(values) == 2 and len(without_names) == 1)


async def test_the_conformance_suite_finds_nothing_wrong(system: SystemUnderTest) -> None:
    provisioner = await make_provisioner(system, await system.tenant())
    client = ConformanceClient(provisioner, asyncio.get_running_loop())
    results = await asyncio.to_thread(check_server, client)
    fine = (Status.SUCCESS, Status.SKIPPED, Status.ACCEPTABLE)
    wrong = [each for each in results if each.status not in fine and is_fair(str(each.reason))]
    assert not wrong, "\n".join(f"{each.title} ({each.resource_type}): {each.reason}" for each in wrong)
    assert sum(each.status is Status.SUCCESS for each in results) > 100
