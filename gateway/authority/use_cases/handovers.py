"""The handover: a project gets another manager, and has exactly one at any instant."""

from uuid import UUID

from gateway.authority.schemas import NewHandover
from gateway.authority.use_cases.delegations import end_delegations_by
from gateway.identity import repository as directory
from gateway.identity.events import MEMBERSHIP_CHANGED, MEMBERSHIP_GRANTED, MEMBERSHIP_REVOKED
from gateway.identity.schemas import Role
from gateway.identity.use_cases import ManagerByHandover, record_membership, require_known
from services.kernel.access import require_authority
from services.kernel.ids import new_id
from services.kernel.problems import Conflict, RuleViolated, UnknownReference
from services.kernel.session import WriteSession


class ManagerIsNoMachine(RuleViolated):
    code = "manager_is_no_machine"
    title = {"en": "Only a person answers for a project", "nb": "Bare en person svarer for et prosjekt"}


class ManagerAlready(Conflict):
    code = "manager_already"
    title = {"en": "This is the manager already", "nb": "Dette er allerede prosjektlederen"}


class HandedOverMeanwhile(Conflict):
    code = "handed_over_meanwhile"
    title = {"en": "The project was just handed over by somebody else", "nb": "Noen andre overlot nettopp prosjektet"}


async def hand_over(session: WriteSession, project_id: UUID, new: NewHandover) -> UUID:
    """Replace the manager by another person, in one instant (kind manager.appoint). Returns the new one's membership.

    What the outgoing manager has delegated ends with them: authority flows from whoever is accountable.
    """
    await require_known(session, session.principal, project_id)
    person = await directory.find_person(session, new.person_id)
    if person is None:
        raise UnknownReference("person_id")
    if person["kind"] != "person":
        raise ManagerIsNoMachine
    if new.outgoing_role == Role.MANAGER:
        raise ManagerByHandover
    outgoing = await directory.load_manager(session, project_id)
    if outgoing is None:
        raise HandedOverMeanwhile
    if outgoing.person_id == new.person_id:
        raise ManagerAlready
    subject = {"type": "person", "id": str(new.person_id), "title": person["name"]}
    impact = {
        "subject": subject,
        "reason": new.reason,
        "people_affected": [str(outgoing.person_id), str(new.person_id)],
    }
    # Asked before the change, which may be of the very role by which the caller is judged.
    await require_authority(session, project_id, ["manager.appoint"], {"people_affected": 2}, impact)
    if new.outgoing_role is None:
        await directory.drop_membership(session, outgoing.id)
        record_membership(session, MEMBERSHIP_REVOKED, outgoing.id, project_id, outgoing.person_id, outgoing.role, None)
    else:
        await directory.change_membership(session, outgoing.id, {"role": new.outgoing_role})
        record_membership(
            session, MEMBERSHIP_CHANGED, outgoing.id, project_id, outgoing.person_id, new.outgoing_role, None
        )
    incoming = await directory.find_membership(session, project_id, new.person_id)
    if incoming is None:
        membership_id, fact = new_id(), MEMBERSHIP_GRANTED
        await directory.add_membership(session, membership_id, project_id, new.person_id, Role.MANAGER, None)
    else:
        membership_id, fact = incoming.id, MEMBERSHIP_CHANGED
        await directory.change_membership(session, membership_id, {"role": Role.MANAGER, "expires_at": None})
    await end_delegations_by(session, project_id, outgoing.person_id)
    record_membership(session, fact, membership_id, project_id, new.person_id, Role.MANAGER, None)
    return membership_id
