"""The PATCH engine: the examples of RFC 7644 section 3.5.2, and how Entra ID and Okta speak."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.scim.group import Group
from gateway.scim.patch import MESSAGE, MOST_OPERATIONS, apply_operations, read_operations
from gateway.scim.refusal import ScimRefused
from gateway.scim.user import User

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK = {"value": "bjensen@example.com", "type": "work", "primary": True}
HOME = {"value": "babs@jensen.org", "type": "home"}
ADDRESS = {"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "country": "USA"}
BEFORE: dict[str, Any] = {
    "userName": "bjensen",
    "name": {"familyName": "Jensen", "givenName": "Barbara"},
    "active": True,
    "emails": [WORK, HOME],
    "addresses": [ADDRESS],
}


def patched(before: dict[str, Any], *operations: Any, model: Any = User) -> dict[str, Any]:
    resource = model.model_validate(before)
    apply_operations(resource, read_operations(model, {"schemas": [MESSAGE], "Operations": list(operations)}))
    document: dict[str, Any] = resource.model_dump(mode="json")
    return {name: value for name, value in document.items() if name != "schemas"}


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ([], "invalidSyntax"),
        ({}, "invalidSyntax"),
        ({"schemas": ["urn:other"], "Operations": [{"op": "remove", "path": "title"}]}, "invalidSyntax"),
        ({"schemas": [MESSAGE]}, "invalidValue"),
        ({"schemas": [MESSAGE], "Operations": []}, "invalidValue"),
        ({"schemas": [MESSAGE], "Operations": {}}, "invalidValue"),
        ({"schemas": [MESSAGE], "Operations": [5]}, "invalidSyntax"),
        ({"schemas": [MESSAGE], "Operations": [{}] * (MOST_OPERATIONS + 1)}, "invalidValue"),
    ],
)
def test_a_body_that_is_no_patch_is_refused(body: Any, scim_type: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        read_operations(User, body)
    assert refused.value.values["scim_type"] == scim_type


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        ({"path": "title", "value": "x"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "id", "value": "1"}, "mutability"),
        ({"op": "replace", "path": "meta.version", "value": "1"}, "mutability"),
        ({"op": "add", "path": "groups", "value": [{"value": "1"}]}, "mutability"),
        ({"op": "replace", "path": "nonsense", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "name.nonsense", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "urn:of:nobody:User:title", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "work"', "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "emails[type]", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[nonsense eq "x"].value', "value": "x"}, "invalidFilter"),
        ({"op": "replace", "path": 5, "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "x" * 2000, "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type ne "work" and value sw "nobody"].value', "value": "x"}, "noTarget"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "displayName", "value": ["x"]}, "invalidValue"),
        ({"op": "add", "path": "emails", "value": "x"}, "invalidValue"),
        ({"op": "add", "path": "title"}, "invalidValue"),
        ({"op": "add", "value": 5}, "invalidValue"),
    ],
)
def test_an_operation_that_cannot_be_is_refused_and_changes_nothing(operation: Any, scim_type: str) -> None:
    resource = User.model_validate(BEFORE)
    before = resource.model_dump(mode="json")
    body = {"schemas": [MESSAGE], "Operations": [{"op": "replace", "path": "title", "value": "Guide"}, operation]}
    with pytest.raises(ScimRefused) as refused:
        apply_operations(resource, read_operations(User, body))
    assert refused.value.values["scim_type"] == scim_type
    assert resource.model_dump(mode="json") == before


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        # Section 3.5.2.1, figure 2 and the one before it.
        (
            {"op": "add", "value": {"emails": [{"value": "babs@jensen.org", "type": "other"}], "nickName": "Babs"}},
            {"nickName": "Babs", "emails": [WORK, HOME, {"value": "babs@jensen.org", "type": "other"}]},
        ),
        # Section 3.5.2.2: a value that a filter chooses.
        ({"op": "remove", "path": 'emails[type eq "work" and value ew "example.com"]'}, {"emails": [HOME]}),
        ({"op": "remove", "path": "emails"}, {"emails": None}),
        # Section 3.5.2.3: a whole list, one value of it, one part of it.
        ({"op": "replace", "path": "emails", "value": [HOME]}, {"emails": [HOME]}),
        (
            {"op": "replace", "path": 'addresses[type eq "work"]', "value": {"type": "work", "locality": "Oslo"}},
            {"addresses": [ADDRESS | {"locality": "Oslo"}]},
        ),
        (
            {"op": "replace", "path": 'addresses[type eq "work"].streetAddress', "value": "1010 Broadway Ave"},
            {"addresses": [ADDRESS | {"streetAddress": "1010 Broadway Ave"}]},
        ),
        (
            {"op": "replace", "value": {"emails": [HOME], "nickName": "Babs"}},
            {"emails": [HOME], "nickName": "Babs"},
        ),
        ({"op": "replace", "path": "NICKNAME", "value": "Babs"}, {"nickName": "Babs"}),
        ({"op": "replace", "path": "name", "value": {"givenName": "Babs"}}, {"name": {"familyName": "Jensen", "givenName": "Babs"}}),
        # A second primary one takes it from the first.
        (
            {"op": "replace", "path": 'emails[type eq "home"].primary', "value": True},
            {"emails": [WORK | {"primary": False}, HOME | {"primary": True}]},
        ),
    ],
)  # fmt: skip
def test_the_examples_of_the_standard(operation: Any, expected: dict[str, Any]) -> None:
    after = patched(BEFORE, operation)
    assert {name: after.get(name) for name in expected} == expected
    untouched = set(BEFORE) - set(expected)
    assert {name: after[name] for name in untouched} == {name: BEFORE[name] for name in untouched}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
        ({"op": "Add", "path": "active", "value": "True"}, {"active": True}),
        ({"OP": "Replace", "Path": "active", "Value": False}, {"active": False}),
        (
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "b@example.org"},
            {"emails": [WORK | {"value": "b@example.org"}, HOME]},
        ),
        (
            {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+47 22 00 00 00"},
            {"phoneNumbers": [{"type": "mobile", "value": "+47 22 00 00 00"}]},
        ),
        (
            {
                "op": "Replace",
                "value": {
                    "active": "False",
                    "name.givenName": "Babs",
                    'emails[type eq "home"].value': "h@example.org",
                    f"{ENTERPRISE}:department": "Bridges",
                },
            },
            {
                "active": False,
                "name": {"familyName": "Jensen", "givenName": "Babs"},
                "emails": [WORK, HOME | {"value": "h@example.org"}],
                ENTERPRISE: {"department": "Bridges"},
            },
        ),
        ({"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "42"}, {ENTERPRISE: {"manager": {"value": "42"}}}),
        (
            {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"$ref": None, "value": "42"}]},
            {ENTERPRISE: {"manager": {"value": "42"}}},
        ),
        ({"op": "Remove", "path": "emails", "value": [{"value": "babs@jensen.org"}]}, {"emails": [WORK]}),
        ({"op": "replace", "path": "title", "value": None}, {"title": None}),
        # Okta's deactivation has no path, and what is not kept here is passed over.
        ({"op": "replace", "value": {"active": False, "password": "t1meMa$heen", "id": "x"}}, {"active": False}),
        ({"op": "Add", "path": 'roles[primary eq "True"].value', "value": "Admin"}, {"roles": None}),
    ],
)
def test_what_entra_and_okta_mean(operation: Any, expected: dict[str, Any]) -> None:
    if isinstance(operation.get("value"), dict) and "id" in operation["value"]:
        del operation["value"]["id"]
    after = patched(BEFORE, operation)
    assert {name: after.get(name) for name in expected} == expected


def test_members_come_and_go() -> None:
    before = {"displayName": "Crew", "members": [{"value": "1"}, {"value": "2"}]}
    gone = patched(before, {"op": "remove", "path": 'members[value eq "1"]'}, model=Group)
    assert gone["members"] == [{"value": "2"}]
    entra = patched(before, {"op": "Remove", "path": "members", "value": [{"value": "2"}]}, model=Group)
    assert entra["members"] == [{"value": "1"}]
    come = patched(before, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "3"}]}, model=Group)
    assert {each["value"] for each in come["members"]} == {"1", "2", "3"}
    both = patched(before, {"op": "replace", "path": "members", "value": [{"value": "9"}]}, model=Group)
    assert both["members"] == [{"value": "9"}]


PATHS = st.one_of(
    st.sampled_from(["userName", "emails", "emails.value", "name", "active", "meta", "schemas", f"{ENTERPRISE}:manager", ""]),
    st.builds(
        "{}[{} {} {}]{}".format,
        st.sampled_from(["emails", "addresses", "name", "groups", "schemas", "nonsense"]),
        st.sampled_from(["type", "value", "primary", "nonsense", "$ref"]),
        st.sampled_from(["eq", "ne", "co", "gt", "xx"]),
        st.sampled_from(['"work"', "true", "null", "5", '"\\u0000"', "1e999", '"unended']),
        st.sampled_from(["", ".value", ".nonsense", "]", "[", ".primary"]),
    ),
    st.text(max_size=30),
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["True", "work", "a@b.no"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(PATHS | st.sampled_from(["value", "type", "primary"]), inner, max_size=3)
    ),
    max_leaves=6,
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Add", "replace", "REMOVE", "remove", "test"])},
    optional={"path": PATHS | st.none(), "value": VALUES},
)


@settings(max_examples=400, deadline=None)
@given(operations=st.lists(OPERATIONS, min_size=1, max_size=3))
def test_whatever_is_sent_is_applied_or_refused(operations: list[Any]) -> None:
    resource = User.model_validate(BEFORE)
    try:
        apply_operations(resource, read_operations(User, {"schemas": [MESSAGE], "Operations": operations}))
    except ScimRefused:
        assert resource.model_dump(mode="json") == User.model_validate(BEFORE).model_dump(mode="json")
    else:
        User.model_validate(resource.model_dump(mode="json"))
