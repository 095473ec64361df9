"""List parameters: what is refused, and how pages are bounded. What a filter finds is tested on PostgreSQL."""

import pytest

from gateway.scim.query import DEFAULT_PAGE, LARGEST_PAGE, Arguments, condition, read_query
from gateway.scim.refusal import ScimRefused
from gateway.scim.user import User, address_of, language_of, name_of


def attribute(name: str) -> str:
    return f"(document -> '{name}')"


def refusal(**given: str) -> str:
    with pytest.raises(ScimRefused) as refused:
        translated(given)
    return str(refused.value.values["scim_type"])


def translated(given: dict[str, str]) -> str:
    query = read_query(User, given)
    assert query.request.filter is not None
    return condition(query.request.filter, attribute, Arguments(0))


@pytest.mark.parametrize(
    "scim_filter",
    [
        "", " ", "userName", "userName eq", "userName is \"x\"", "userName eq x", "eq \"x\"", "userName eq \"x", "(",
        "userName eq \"x\" and", "userName eq \"x\" \"y\"", "not userName pr", "emails[type eq \"work\"", "emails[]",
        "nonsense eq \"x\"", "emails.nonsense eq \"x\"", "urn:of:nobody:userName eq \"x\"", "name eq \"x\"",
        "active gt true", "active eq \"perhaps\"", "userName eq 5", "meta.created gt \"yesterday\"", "active co \"t\"",
        "meta.created gt \"2026-03-02T08:00:00\"", "meta.created co \"2026\"", "userName[value eq \"x\"]", "title co 5",
        "schemas[value eq \"x\"]", "userName eq \"\\u0000\"", "userName co \"\\ud800\"", "not (" * 40 + "title pr" + ")" * 40,
        "userName eq \"a\"; drop table people", "userName eq 'a'", "title pr --",
    ],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused(scim_filter: str) -> None:
    assert refusal(filter=scim_filter) == "invalidFilter"


def test_a_filter_without_end_is_too_much() -> None:
    assert refusal(filter=" and ".join(["title pr"] * 51)) == "tooMany"
    assert refusal(filter='title eq "' + "x" * 5000 + '"') == "tooMany"


@pytest.mark.parametrize(
    ("parameters", "scim_type"),
    [
        ({"sortBy": "nonsense"}, "invalidPath"),
        ({"sortBy": "name"}, "invalidPath"),
        ({"sortOrder": "sideways"}, "invalidValue"),
        ({"startIndex": "first"}, "invalidValue"),
        ({"count": "many"}, "invalidValue"),
        ({"attributes": "userName", "excludedAttributes": "emails"}, "invalidValue"),
        ({"attributes": 'emails[type eq "work"]'}, "invalidPath"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_refused(parameters: dict[str, str], scim_type: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        read_query(User, parameters)
    assert refused.value.values["scim_type"] == scim_type


@pytest.mark.parametrize(
    ("parameters", "start_index", "limit"),
    [
        ({}, 1, DEFAULT_PAGE),
        ({"startIndex": "0", "count": "-5"}, 1, 0),
        ({"startIndex": "-3", "count": "0"}, 1, 0),
        ({"startIndex": "11", "count": "10"}, 11, 10),
        ({"count": "100000"}, 1, LARGEST_PAGE),
        ({"startIndex": "9" * 30}, 1_000_000_000, DEFAULT_PAGE),
        ({"cursor": "x", "unheard_of": "x"}, 1, DEFAULT_PAGE),
    ],
)
def test_a_page_is_bounded(parameters: dict[str, str], start_index: int, limit: int) -> None:
    query = read_query(User, parameters)
    assert (query.start_index, query.offset, query.limit) == (start_index, start_index - 1, limit)


def test_values_go_to_the_database_as_arguments() -> None:
    arguments = Arguments(2)
    query = read_query(User, {"filter": 'userName eq "O\'Malley" and not (title pr)'})
    assert query.request.filter is not None
    sql = condition(query.request.filter, attribute, arguments)
    assert "Malley" not in sql
    assert "$3::text" in sql
    assert arguments.values == ["o'malley"]


@pytest.mark.parametrize(
    ("document", "name", "address", "language"),
    [
        ({"userName": "kari"}, "kari", None, "en"),
        ({"userName": "kari@example.org"}, "kari@example.org", "kari@example.org", "en"),
        ({"userName": "k", "name": {"givenName": "Kari", "familyName": "Nordmann"}}, "Kari Nordmann", None, "en"),
        ({"userName": "k", "name": {"formatted": "Frk. Nordmann", "givenName": "Kari"}}, "Frk. Nordmann", None, "en"),
        ({"userName": "k", "displayName": "Kari", "name": {"formatted": "K"}}, "Kari", None, "en"),
        ({"userName": "k", "emails": [{"value": "a@b.no"}, {"value": "w@b.no", "type": "work"}]}, "k", "w@b.no", "en"),
        ({"userName": "k", "emails": [{"value": "w@b.no", "type": "work"}, {"value": "p@b.no", "primary": True}]}, "k", "p@b.no", "en"),
        ({"userName": "k", "preferredLanguage": "nb-NO"}, "k", None, "nb"),
        ({"userName": "k", "preferredLanguage": "nn_NO"}, "k", None, "nb"),
        ({"userName": "k", "preferredLanguage": "de-DE"}, "k", None, "en"),
    ],
)  # fmt: skip
def test_the_directory_takes_name_address_and_language_from_a_user(
    document: dict[str, object], name: str, address: str | None, language: str
) -> None:
    user = User.model_validate(document)
    assert (name_of(user), address_of(user), language_of(user)) == (name, address, language)
