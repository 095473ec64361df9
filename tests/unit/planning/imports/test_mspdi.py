"""The MSPDI reader: what it takes, what it reports, and what it refuses to open."""

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.kernel.working_time import TICKS_PER_HOUR, Calendar, to_local
from services.planning.imports.mspdi import Limits, MspdiCalendar, MspdiPlan, UnreadableFile, read_mspdi
from services.planning.imports.mspdi_plan import to_plan
from services.planning.imports.taking_over import take_over
from services.planning.schedule.critical_path import schedule
from services.planning.schedule.network import ConstraintType, LagBasis, Link, LinkType, Piece
from services.planning.schedule.working_plan import WorkingPlan

CASES = Path(__file__).parents[3] / "data" / "msproject"

PROJECT = """<?xml version="1.0" encoding="UTF-8"?>
<Project xmlns="http://schemas.microsoft.com/project">
  <Name>bridge.xml</Name><StartDate>2026-01-05T08:00:00</StartDate><CalendarUID>1</CalendarUID>
  <CriticalSlackLimit>1</CriticalSlackLimit><HonorConstraints>0</HonorConstraints><MinutesPerDay>450</MinutesPerDay>
  %s
</Project>
"""

CALENDAR = """<Calendars><Calendar><UID>1</UID><Name>Standard</Name><IsBaseCalendar>1</IsBaseCalendar>
<BaseCalendarUID>-1</BaseCalendarUID><WeekDays>
<WeekDay><DayType>1</DayType><DayWorking>0</DayWorking></WeekDay>
<WeekDay><DayType>2</DayType><DayWorking>1</DayWorking><WorkingTimes>
<WorkingTime><FromTime>08:00:00</FromTime><ToTime>12:00:00</ToTime></WorkingTime>
<WorkingTime><FromTime>20:00:00</FromTime><ToTime>00:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay>
</WeekDays>%s</Calendar></Calendars>"""


def read(text: str, limits: Limits | None = None) -> MspdiPlan:
    return read_mspdi(io.BytesIO(text.encode()), limits)


def task(uid: int, body: str = "", level: int = 1) -> str:
    return f"<Task><UID>{uid}</UID><ID>{uid}</ID><OutlineLevel>{level}</OutlineLevel>{body}</Task>"


def test_project_properties_are_taken() -> None:
    project = read(PROJECT % "").project
    assert (project.name, project.start) == ("bridge.xml", datetime.fromisoformat("2026-01-05T08:00"))
    assert (project.calendar_uid, project.critical_slack_limit, project.minutes_per_day) == (1, 1, 450)
    assert not project.honor_constraints
    assert project.schedule_from_start


def test_a_task_is_taken_with_links_constraint_progress_and_baselines() -> None:
    body = """<Name>Pour</Name><Notes>Cold &amp; wet</Notes><WBS>1.1</WBS><Duration>PT16H0M0S</Duration>
    <DurationFormat>7</DurationFormat><ConstraintType>4</ConstraintType><ConstraintDate>2026-01-07T08:00:00</ConstraintDate>
    <Deadline>2026-02-01T17:00:00</Deadline><PercentComplete>25</PercentComplete><ActualStart>2026-01-07T08:00:00</ActualStart>
    <RemainingDuration>PT12H0M0S</RemainingDuration><FixedCost>150050</FixedCost><Priority>700</Priority>
    <PredecessorLink><PredecessorUID>1</PredecessorUID><Type>3</Type><LinkLag>-50</LinkLag><LagFormat>19</LagFormat></PredecessorLink>
    <PredecessorLink><PredecessorUID>1</PredecessorUID><Type>0</Type><LinkLag>14400</LinkLag><LagFormat>8</LagFormat></PredecessorLink>
    <Baseline><Number>0</Number><Start>2026-01-06T08:00:00</Start><Duration>PT8H0M0S</Duration><Cost>100</Cost></Baseline>
    <Baseline><Number>10</Number><Work>PT1H30M0S</Work></Baseline>"""
    found = read(PROJECT % f"<Tasks>{task(1)}{task(2, body)}</Tasks>").tasks[1]
    assert (found.name, found.notes, found.wbs, found.priority) == ("Pour", "Cold & wet", "1.1", 700)
    assert (found.duration, found.remaining_duration) == (16 * TICKS_PER_HOUR, 12 * TICKS_PER_HOUR)
    assert (found.constraint_type, found.percent_complete, found.fixed_cost) == (4, 25, Decimal("1500.50"))
    assert found.deadline == datetime.fromisoformat("2026-02-01T17:00")
    first, second = found.links
    assert (first.type, first.lag, first.percent, first.elapsed) == (3, -50, True, False)
    assert (second.type, second.lag, second.percent, second.elapsed) == (0, 14400, False, True)
    assert [baseline.number for baseline in found.baselines] == [0, 10]
    assert found.baselines[0].cost == Decimal(1)
    assert found.baselines[1].work == 900


def test_the_tree_follows_outline_levels_and_skips_blank_rows() -> None:
    blank = "<Task><UID>4</UID><ID>4</ID><IsNull>1</IsNull></Task>"
    tasks = task(0, level=0) + task(1) + task(2, level=2) + blank + task(3, level=2) + task(5)
    found = {item.uid: item.parent_uid for item in read(PROJECT % f"<Tasks>{tasks}</Tasks>").tasks}
    assert found == {0: None, 1: 0, 2: 1, 4: None, 3: 1, 5: 0}


def test_resources_and_assignments_are_taken() -> None:
    body = """<Resources><Resource><UID>1</UID><Name>Kari</Name><EmailAddress>kari@example.org</EmailAddress><Type>1</Type>
    <MaxUnits>0.5</MaxUnits><StandardRate>950.5</StandardRate><CalendarUID>3</CalendarUID></Resource>
    <Resource><UID>2</UID><Type>0</Type><IsCostResource>1</IsCostResource></Resource></Resources>
    <Assignments><Assignment><UID>7</UID><TaskUID>2</TaskUID><ResourceUID>1</ResourceUID><Units>0.5</Units><Work>PT8H0M0S</Work>
    <Delay>4800</Delay><Cost>760400</Cost><TimephasedData><Type>1</Type><UID>7</UID><Start>2026-01-05T08:00:00</Start>
    <Finish>2026-01-05T12:00:00</Finish><Unit>2</Unit><Value>PT4H0M0S</Value></TimephasedData></Assignment></Assignments>"""
    plan = read(PROJECT % body)
    kari, travel = plan.resources
    assert (kari.name, kari.email, kari.type, kari.max_units) == ("Kari", "kari@example.org", 1, Decimal("0.5"))
    assert (kari.standard_rate, kari.calendar_uid, travel.type) == (Decimal("950.5"), 3, 2)
    (part,) = plan.assignments
    assert (part.task_uid, part.units, part.work, part.delay) == (2, Decimal("0.5"), 8 * TICKS_PER_HOUR, 4800)
    assert part.cost == Decimal(7604)
    assert part.pieces[0].work == 4 * TICKS_PER_HOUR


def calendar_with(exceptions: str) -> MspdiCalendar:
    return read(PROJECT % (CALENDAR % exceptions)).calendars[0]


def exception(first: str, last: str, body: str) -> str:
    period = f"<TimePeriod><FromDate>{first}T00:00:00</FromDate><ToDate>{last}T23:59:00</ToDate></TimePeriod>"
    return f"<Exception>{period}{body}<DayWorking>0</DayWorking></Exception>"


def test_week_days_run_from_sunday_in_the_file_and_from_monday_here() -> None:
    days = calendar_with("").days
    assert days[6] == ()
    assert days[0] == ((8 * TICKS_PER_HOUR, 12 * TICKS_PER_HOUR), (20 * TICKS_PER_HOUR, 24 * TICKS_PER_HOUR))
    assert days[1] is None


@pytest.mark.parametrize(
    ("first", "last", "body", "expected"),
    [
        ("2026-12-24", "2026-12-26", "<Type>1</Type>", ["2026-12-24", "2026-12-26"]),
        ("2026-01-01", "2026-01-07", "<Type>1</Type><Period>3</Period>", ["2026-01-01", "2026-01-04", "2026-01-07"]),
        (
            "2026-01-01",
            "2028-12-31",
            "<Type>2</Type><Month>4</Month><MonthDay>17</MonthDay>",
            ["2026-05-17", "2027-05-17", "2028-05-17"],
        ),
        (
            "2024-01-01",
            "2028-12-31",
            "<Type>2</Type><Month>1</Month><MonthDay>29</MonthDay>",
            ["2024-02-29", "2028-02-29"],
        ),
        (
            "2026-01-01",
            "2027-12-31",
            "<Type>3</Type><Month>10</Month><MonthItem>7</MonthItem><MonthPosition>3</MonthPosition>",
            ["2026-11-26", "2027-11-25"],
        ),
        (
            "2026-01-01",
            "2026-03-31",
            "<Type>5</Type><MonthItem>8</MonthItem><MonthPosition>4</MonthPosition>",
            ["2026-01-30", "2026-02-27", "2026-03-27"],
        ),
        (
            "2026-01-01",
            "2026-04-30",
            "<Type>4</Type><MonthDay>15</MonthDay><Period>2</Period>",
            ["2026-01-15", "2026-03-15"],
        ),
        (
            "2026-01-01",
            "2026-01-31",
            "<Type>6</Type><DaysOfWeek>34</DaysOfWeek><Period>2</Period>",
            ["2026-01-02", "2026-01-12", "2026-01-16", "2026-01-26", "2026-01-30"],
        ),
        (
            "2026-01-01",
            "2026-12-31",
            "<Type>6</Type><DaysOfWeek>2</DaysOfWeek><EnteredByOccurrences>1</EnteredByOccurrences><Occurrences>2</Occurrences>",
            ["2026-01-05", "2026-01-12"],
        ),
    ],
)
def test_recurring_exceptions_become_the_days_they_fall_on(
    first: str, last: str, body: str, expected: list[str]
) -> None:
    found = calendar_with(f"<Exceptions>{exception(first, last, body)}</Exceptions>").exceptions
    if len(found) == 1 and found[0].first != found[0].last:
        assert [found[0].first.isoformat(), found[0].last.isoformat()] == expected
    else:
        assert [item.first.isoformat() for item in found] == expected


def test_a_single_date_comes_before_the_recurrence_it_falls_in() -> None:
    weekly = exception("2026-01-01", "2026-12-31", "<Type>6</Type><DaysOfWeek>2</DaysOfWeek>")
    single = exception("2026-01-12", "2026-01-12", "<Name>Fair</Name><Type>1</Type>")
    found = calendar_with(f"<Exceptions>{weekly}{single}</Exceptions>").exceptions
    assert (found[0].name, found[0].first) == ("Fair", date(2026, 1, 12))


def test_old_files_keep_exceptions_among_the_week_days_and_new_ones_have_work_weeks() -> None:
    legacy = CALENDAR.replace(
        "</WeekDays>",
        "<WeekDay><DayType>0</DayType><DayWorking>0</DayWorking><TimePeriod><FromDate>2026-05-01T00:00:00</FromDate>"
        "<ToDate>2026-05-01T23:59:00</ToDate></TimePeriod></WeekDay></WeekDays>",
    )
    assert read(PROJECT % (legacy % "")).calendars[0].exceptions[0].first == date(2026, 5, 1)
    weeks = """<WorkWeeks><WorkWeek><TimePeriod><FromDate>2026-07-01T00:00:00</FromDate><ToDate>2026-07-31T00:00:00</ToDate>
    </TimePeriod><Name>Summer</Name><WeekDays><WeekDay><DayType>6</DayType><DayWorking>0</DayWorking></WeekDay></WeekDays>
    </WorkWeek></WorkWeeks>"""
    (week,) = calendar_with(weeks).work_weeks
    assert (week.name, week.days[4], week.days[0]) == ("Summer", (), None)


def test_the_report_says_what_became_of_every_element() -> None:
    body = """<Name>Pour</Name><Start>2026-01-05T08:00:00</Start><Duration>later</Duration><Priority>high</Priority>
    <ExtendedAttribute><FieldID>1</FieldID><Value>x</Value></ExtendedAttribute><HyperlinkAddress>x</HyperlinkAddress>
    <Deadline>2026-02-01T17:00:00+01:00</Deadline>"""
    plan = read(PROJECT % f"<Tasks>{task(1, body)}{task(2, '<Name>Cure</Name>')}</Tasks>")
    report = {item.path: (item.disposition, item.count, item.reason) for item in plan.report}
    assert report["Project/Tasks/Task/Name"] == ("taken", 2, "")
    assert report["Project/Tasks/Task/Start"][:2] == ("changed", 1)
    assert report["Project/Tasks/Task/ExtendedAttribute/Value"][0] == "dropped"
    assert report["Project/Tasks/Task/HyperlinkAddress"] == ("dropped", 1, "has no counterpart")
    assert report["Task/Duration"] == ("dropped", 1, "not a duration")
    assert report["Task/Priority"] == ("dropped", 1, "not a number")
    assert report["Task/Deadline"][:2] == ("changed", 1)
    assert plan.tasks[0].duration is None
    assert plan.tasks[0].priority == 500


@pytest.mark.parametrize("number", ["1E+999999999", "9" * 100_000, "NaN", "Infinity", "-1E+30"])
def test_a_monstrous_number_is_left_out(number: str) -> None:
    link = f"<PredecessorLink><PredecessorUID>1</PredecessorUID><LinkLag>{number}</LinkLag></PredecessorLink>"
    body = f"<Priority>{number}</Priority><Duration>PT{number}H</Duration><FixedCost>{number}</FixedCost>{link}"
    found = read(PROJECT % f"<Tasks>{task(1, body)}</Tasks>").tasks[0]
    assert (found.priority, found.duration, found.fixed_cost, found.links[0].lag) == (500, None, Decimal(0), 0)


def test_recurrences_are_bounded_over_the_whole_file() -> None:
    every_day = exception("1901-01-01", "2199-12-31", "<Type>7</Type>")
    plan = read(PROJECT % (CALENDAR % f"<Exceptions>{every_day * 12}</Exceptions>"))
    assert len(plan.calendars[0].exceptions) == 100_000
    assert any(item.reason == "the file's recurring exceptions fall on too many days" for item in plan.report)


def test_calendars_that_inherit_in_a_ring_or_a_long_chain_are_cut() -> None:
    ring = "<Calendar><UID>{}</UID><BaseCalendarUID>{}</BaseCalendarUID></Calendar>"
    calendars = "".join(ring.format(uid, uid + 1) for uid in range(1, 3000)) + ring.format(3000, 1)
    plan = to_plan(read(PROJECT % f"<Calendars>{calendars}</Calendars>"))
    assert len(plan.calendars) == 3001


LAUGHS = """<?xml version="1.0"?><!DOCTYPE Project [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Project><Name>&b;</Name></Project>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE Project SYSTEM "http://127.0.0.1:9/evil.dtd">
<Project/>"""


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (LAUGHS, "forbidden_dtd", 1),
        (OUTSIDE, "forbidden_dtd", 2),
        ("<Project><Name>&xxe;</Name></Project>", "not_xml", 1),
        ("", "not_xml", 1),
        ("PK\x03\x04 a zip", "not_xml", 1),
        ("<Project>\n<Tasks>\n</Project>", "not_xml", 3),
        ('<?xml version="1.0" encoding="klingon"?><Project/>', "not_xml", 1),
        ("<html><body/></html>", "not_this_format", 1),
        ("<Project/>", "not_this_format", 1),
        ("<Project>" + "<a>" * 40 + "</a>" * 40 + "</Project>", "too_deep", 1),
    ],
)
def test_an_unreadable_file_is_refused_with_a_code_and_a_line(text: str, code: str, line: int) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(text)
    assert (caught.value.code, caught.value.line) == (code, line)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_bytes=100), "too_large"),
        (Limits(max_records=1), "too_many_records"),
        (Limits(max_text=5), "text_too_long"),
    ],
)
def test_limits_hold(limits: Limits, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(PROJECT % f"<Tasks>{task(1)}{task(2)}</Tasks>", limits)
    assert caught.value.code == code


def test_a_file_in_another_encoding_is_read() -> None:
    text = (PROJECT % f"<Tasks>{task(1, '<Name>Brygge på Tjøme</Name>')}</Tasks>").replace("UTF-8", "UTF-16")
    plan = read_mspdi(io.BytesIO(text.encode("utf-16")))
    assert plan.tasks[0].name == "Brygge på Tjøme"


def test_a_plan_for_the_engine_comes_out_of_the_file() -> None:
    link = "<PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type><LinkLag>50</LinkLag><LagFormat>19</LagFormat></PredecessorLink>"
    dangling = "<PredecessorLink><PredecessorUID>99</PredecessorUID><Type>1</Type></PredecessorLink>"
    tasks = (
        task(0, level=0)
        + task(1, "<Duration>PT4H0M0S</Duration><ConstraintType>2</ConstraintType>")
        + task(2, f"<Duration>PT4H0M0S</Duration>{link}{dangling}")
    )
    plan = to_plan(read(PROJECT % f"{CALENDAR % ''}<Tasks>{tasks}</Tasks>"))
    assert [item.id for item in plan.tasks] == [1, 2]
    assert plan.tasks[0].constraint is ConstraintType.MUST_START_ON
    assert list(plan.links) == [Link(1, 2, LinkType.FINISH_START, 50, LagBasis.PERCENT)]
    assert (plan.critical_slack_limit, plan.honor_constraints) == (4500, False)
    assert to_local(schedule(plan).tasks[2].start).isoformat() == "2026-01-05T22:00:00"


def test_a_link_to_another_project_holds_where_a_row_of_the_file_stands_for_its_task() -> None:
    outside = "<ExternalTask>1</ExternalTask><Start>2026-01-05T08:00:00</Start><Finish>2026-01-07T12:00:00</Finish>"
    crossing = "<PredecessorLink><PredecessorUID>%d</PredecessorUID><Type>1</Type><CrossProject>1</CrossProject></PredecessorLink>"
    rows = task(1, outside) + task(2) + task(3, crossing % 1) + task(4, crossing % 2)
    plan = to_plan(read(PROJECT % f"<Tasks>{rows}</Tasks>"))
    assert plan.links == [Link(1, 3)]
    assert to_local(schedule(plan).tasks[3].start) == datetime.fromisoformat("2026-01-07T12:00")


def split_task(percent: int, left: int) -> str:
    """24 h of work: one day, a pause of one, two days; and what was reported of them."""
    progress = (
        f"<PercentComplete>{percent}</PercentComplete><ActualStart>2026-01-05T08:00:00</ActualStart>" if percent else ""
    )
    body = f"<Duration>PT24H0M0S</Duration><RemainingDuration>PT{left}H0M0S</RemainingDuration>{progress}"
    pieces = "".join(
        f"<TimephasedData><Type>1</Type><Start>2026-01-{first}T08:00:00</Start><Finish>2026-01-{last}T17:00:00</Finish>"
        f"<Unit>2</Unit><Value>PT{hours}H0M0S</Value></TimephasedData>"
        for first, last, hours in (("05", "05", 8), ("06", "06", 0), ("07", "08", 16))
    )
    part = f"""<Assignments><Assignment><UID>9</UID><TaskUID>1</TaskUID><ResourceUID>-65535</ResourceUID><Units>1</Units>
    <Work>PT24H0M0S</Work><RemainingWork>PT{left}H0M0S</RemainingWork><Resume>2026-01-07T08:00:00</Resume>{pieces}
    </Assignment></Assignments>"""
    plain = PROJECT.replace("<CalendarUID>1</CalendarUID>", "<CalendarUID>-1</CalendarUID>")
    return plain % f"<Tasks>{task(1, body)}</Tasks>{part}"


@pytest.mark.parametrize(("percent", "left"), [(0, 24), (33, 16)])
def test_the_pauses_of_a_task_without_a_resource_are_read_from_its_pieces(percent: int, left: int) -> None:
    found = to_plan(read(split_task(percent, left))).tasks[0]
    hour = TICKS_PER_HOUR
    assert found.splits == (Piece(0, 8 * hour), Piece(16 * hour, 16 * hour))
    assert found.assignments == ()


def test_pauses_that_do_not_say_what_remains_stay_a_stretched_part() -> None:
    """Reported are 12 h, but by the file's own account work goes on behind the pause, where 16 h are left."""
    found = to_plan(read(split_task(50, 12))).tasks[0]
    assert found.splits == ()
    assert found.assignments[0].remaining == 16 * TICKS_PER_HOUR


def test_contours_and_units_stretch_an_assignment() -> None:
    body = """<Tasks>%s</Tasks><Resources><Resource><UID>1</UID><Type>1</Type></Resource></Resources><Assignments>
    <Assignment><UID>1</UID><TaskUID>1</TaskUID><ResourceUID>1</ResourceUID><Units>0.5</Units><Work>PT8H0M0S</Work>
    <WorkContour>6</WorkContour></Assignment></Assignments>"""
    plan = to_plan(read(PROJECT % (body % task(1, "<Duration>PT8H0M0S</Duration>"))))
    assert plan.tasks[0].assignments[0].duration == 32 * TICKS_PER_HOUR


@pytest.mark.parametrize("name", ["p34", "p61"])
def test_a_real_file_is_read_whole(name: str) -> None:
    with (CASES / f"{name}.xml").open("rb") as stream:
        plan = read_mspdi(stream)
    dropped = [item.path for item in plan.report if item.disposition == "dropped" and "/" in item.path]
    assert len(plan.tasks) > 70
    assert all(item.count > 0 for item in plan.report)
    assert "Project/Tasks/Task/Duration" not in dropped


RICH = """<Resources><Resource><UID>1</UID><Name>Kari</Name><Type>1</Type><MaxUnits>1</MaxUnits><StandardRate>100</StandardRate>
<OvertimeRate>150</OvertimeRate><CostPerUse>5000</CostPerUse><AccrueAt>2</AccrueAt>
<AvailabilityPeriods><AvailabilityPeriod><AvailableFrom>1984-01-01T00:00:00</AvailableFrom>
<AvailableTo>2026-03-31T23:59:00</AvailableTo><AvailableUnits>1</AvailableUnits></AvailabilityPeriod>
<AvailabilityPeriod><AvailableFrom>2026-05-01T00:00:00</AvailableFrom><AvailableTo>2049-12-31T23:59:00</AvailableTo>
<AvailableUnits>0.5</AvailableUnits></AvailabilityPeriod></AvailabilityPeriods>
<Rates><Rate><RatesFrom>1984-01-01T00:00:00</RatesFrom><RatesTo>2026-02-28T00:00:00</RatesTo><RateTable>0</RateTable>
<StandardRate>100</StandardRate><OvertimeRate>150</OvertimeRate><CostPerUse>5000</CostPerUse></Rate>
<Rate><RatesFrom>2026-03-01T00:00:00</RatesFrom><RateTable>0</RateTable><StandardRate>120</StandardRate></Rate>
<Rate><RatesFrom>1984-01-01T00:00:00</RatesFrom><RateTable>1</RateTable><StandardRate>300</StandardRate></Rate>
<Rate><RatesFrom>1984-01-01T00:00:00</RatesFrom><RateTable>2</RateTable><StandardRate>0</StandardRate></Rate></Rates></Resource>
<Resource><UID>2</UID><Name>Concrete</Name><Type>0</Type><MaterialLabel>m3</MaterialLabel><StandardRate>900</StandardRate></Resource>
<Resource><UID>3</UID><Name>Travel</Name><Type>0</Type><IsCostResource>1</IsCostResource></Resource></Resources>
<Assignments><Assignment><UID>1</UID><TaskUID>1</TaskUID><ResourceUID>1</ResourceUID><Units>1</Units><Work>PT8H0M0S</Work>
<CostRateTable>1</CostRateTable></Assignment>
<Assignment><UID>2</UID><TaskUID>1</TaskUID><ResourceUID>2</ResourceUID><Units>3</Units></Assignment>
<Assignment><UID>3</UID><TaskUID>1</TaskUID><ResourceUID>3</ResourceUID><Units>1</Units><Cost>75000</Cost></Assignment></Assignments>"""


def test_rates_periods_and_costs_become_those_of_the_project() -> None:
    mspdi = read(
        PROJECT % f"<CurrencyCode>NOK</CurrencyCode><Tasks>{task(1, '<Duration>PT8H0M0S</Duration>')}</Tasks>{RICH}"
    )
    start = datetime.fromisoformat("2026-01-05T08:00")
    calendars: dict[Any, Any] = {"project": Calendar.standard()}
    plan = WorkingPlan(UUID(int=1), "Bridge", "NOK", "Europe/Oslo", start, None, 480, 0, None, start, calendars, {})
    taken = take_over(plan, to_plan(mspdi), mspdi)
    kari, concrete, travel = taken.resources
    assert (kari["standard_rate"], kari["overtime_rate"], kari["cost_per_use"]) == (100, 150, 50)
    assert (kari["accrual"], concrete["unit"], travel["currency"]) == ("end", "m3", None)
    dated = [(row["table"], row["from_date"], row["standard_rate"]) for row in orjson.loads(kari["rates"])]
    assert dated == [("A", "2026-03-01", "120.00"), ("B", None, "300.00")]
    periods = [(row["from_date"], row["to_date"], row["units"]) for row in orjson.loads(kari["availability"])]
    assert periods == [
        (None, "2026-03-31", "1"),
        ("2026-04-01", "2026-04-30", "0"),
        ("2026-05-01", None, "0.5"),
    ]
    assert [row["rate_table"] for row in taken.assignments] == ["B", "A", "A"]
    plan.reschedule()
    # Eight hours by table B, three cubic metres, and what travelling comes to.
    assert plan.standing().cost == 8 * 300 + 3 * 900 + 750
    dropped = [each.path for each in mspdi.report if each.disposition == "dropped"]
    assert not [path for path in dropped if "Rate" in path or "Availab" in path]
