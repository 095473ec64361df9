"""MSPDI out: what goes out is what came in, for every plan at hand, and a second time round the very same file."""

import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from services.kernel.ids import new_id
from services.planning.exports.mspdi_writer import mspdi_losses, write_mspdi
from services.planning.schedule.effort import WorkContour
from tests.factories.plan_contents import comparable, contents_of, written

FILES = Path(__file__).parents[3] / "data" / "msproject"
# More plans, where they are at hand.
MORE = Path("../shared/data/msproject")
_GUID = re.compile(rb"<GUID>[^<]*</GUID>")
_HEAD = '<Project xmlns="http://schemas.microsoft.com/project"><Name>Bridge</Name><StartDate>2026-03-02T08:00:00</StartDate>'
_WEEK = "".join(
    f"<WeekDay><DayType>{day}</DayType><DayWorking>1</DayWorking><WorkingTimes><WorkingTime><FromTime>07:00:00</FromTime>"
    "<ToTime>15:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay>"
    for day in range(2, 7)
)


def plans() -> Iterator[Path]:
    yield from sorted(FILES.glob("*.xml"))
    yield from sorted(MORE.glob("*/*.xml"))


def without_ids(file: bytes) -> bytes:
    return _GUID.sub(b"", file)


def there_and_back(file: str) -> bytes:
    """What is written of a file, once it is found equal to what is written of that."""
    first = contents_of(file.encode())
    once = written(first)
    second = contents_of(once)
    assert comparable(second) == comparable(first)
    assert without_ids(written(second)) == without_ids(once)
    return once


@pytest.mark.parametrize("path", list(plans()), ids=lambda path: path.stem)
def test_a_plan_that_goes_out_and_comes_in_is_the_same_plan(path: Path) -> None:
    first = contents_of(path.read_bytes())
    once = written(first)
    second = contents_of(once)
    assert comparable(second) == comparable(first)
    assert without_ids(written(second)) == without_ids(once)


def test_calendars_keep_exceptions_work_weeks_and_what_they_inherit() -> None:
    once = there_and_back(
        f"""{_HEAD}<CalendarUID>1</CalendarUID><Calendars>
        <Calendar><UID>1</UID><Name>Site</Name><IsBaseCalendar>1</IsBaseCalendar><WeekDays>{_WEEK}</WeekDays>
        <Exceptions><Exception><TimePeriod><FromDate>2026-12-24T00:00:00</FromDate><ToDate>2026-12-26T23:59:00</ToDate>
        </TimePeriod><Name>Christmas &amp; after</Name><Type>1</Type><DayWorking>0</DayWorking></Exception></Exceptions>
        <WorkWeeks><WorkWeek><TimePeriod><FromDate>2026-06-01T00:00:00</FromDate><ToDate>2026-08-31T23:59:00</ToDate>
        </TimePeriod><Name>Summer</Name><WeekDays><WeekDay><DayType>7</DayType><DayWorking>1</DayWorking><WorkingTimes>
        <WorkingTime><FromTime>22:00:00</FromTime><ToTime>00:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay>
        </WeekDays></WorkWeek></WorkWeeks></Calendar>
        <Calendar><UID>2</UID><Name>Night</Name><IsBaseCalendar>0</IsBaseCalendar><BaseCalendarUID>1</BaseCalendarUID>
        <WeekDays><WeekDay><DayType>6</DayType><DayWorking>0</DayWorking></WeekDay></WeekDays></Calendar></Calendars>
        <Tasks><Task><UID>7</UID><Name>Dig</Name><OutlineLevel>1</OutlineLevel><Duration>PT16H0M0S</Duration>
        <CalendarUID>2</CalendarUID></Task></Tasks></Project>"""
    )
    assert b"Christmas &amp; after" in once
    assert b"<UID>7</UID>" in once


def test_pauses_words_and_elapsed_time_come_back() -> None:
    there_and_back(
        f"""{_HEAD}<Tasks>
        <Task><UID>1</UID><Name>Paint</Name><OutlineLevel>1</OutlineLevel><Duration>PT16H0M0S</Duration></Task>
        <Task><UID>2</UID><Name>Dry</Name><OutlineLevel>1</OutlineLevel><Duration>PT48H0M0S</Duration>
        <DurationFormat>8</DurationFormat><PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type>
        <LinkLag>50</LinkLag><LagFormat>19</LagFormat></PredecessorLink></Task>
        <Task><UID>3</UID><Name>Some time</Name><OutlineLevel>1</OutlineLevel><Manual>1</Manual><StartText/></Task>
        <Task><UID>4</UID><Name>Noted</Name><OutlineLevel>1</OutlineLevel><Duration>PT8H0M0S</Duration>
        <Notes>One&#13;
two</Notes><ConstraintType>4</ConstraintType><ConstraintDate>2026-04-01T08:00:00</ConstraintDate>
        <Deadline>2026-05-01T17:00:00</Deadline><LevelingDelay>4800</LevelingDelay>
        <Baseline><Number>3</Number><Start>2026-04-01T08:00:00</Start><Finish>2026-04-01T17:00:00</Finish>
        <Duration>PT8H0M0S</Duration></Baseline></Task></Tasks>
        <Assignments><Assignment><UID>1</UID><TaskUID>1</TaskUID><ResourceUID>-65535</ResourceUID><Work>PT16H0M0S</Work>
        <RemainingWork>PT16H0M0S</RemainingWork><TimephasedData><Type>1</Type><Start>2026-03-02T08:00:00</Start>
        <Finish>2026-03-02T17:00:00</Finish><Value>PT8H0M0S</Value></TimephasedData><TimephasedData><Type>1</Type>
        <Start>2026-03-04T08:00:00</Start><Finish>2026-03-04T17:00:00</Finish><Value>PT8H0M0S</Value></TimephasedData>
        </Assignment></Assignments></Project>"""
    )


def test_rates_availability_contours_and_overtime_come_back() -> None:
    once = there_and_back(
        f"""{_HEAD}<CurrencyCode>NOK</CurrencyCode><Tasks><Task><UID>1</UID><Name>Build</Name>
        <OutlineLevel>1</OutlineLevel><Duration>PT160H0M0S</Duration></Task></Tasks><Resources>
        <Resource><UID>1</UID><Name>Crew</Name><Type>1</Type><MaxUnits>2.5</MaxUnits><StandardRate>640.5</StandardRate>
        <OvertimeRate>900</OvertimeRate><CostPerUse>12500</CostPerUse><AccrueAt>1</AccrueAt><AvailabilityPeriods>
        <AvailabilityPeriod><AvailableFrom>2026-03-01T00:00:00</AvailableFrom><AvailableTo>2026-03-31T23:59:00</AvailableTo>
        <AvailableUnits>1</AvailableUnits></AvailabilityPeriod></AvailabilityPeriods><Rates><Rate>
        <RatesFrom>1984-01-01T00:00:00</RatesFrom><RateTable>0</RateTable><StandardRate>640.5</StandardRate></Rate><Rate>
        <RatesFrom>2026-07-01T00:00:00</RatesFrom><RateTable>0</RateTable><StandardRate>700</StandardRate></Rate><Rate>
        <RatesFrom>1984-01-01T00:00:00</RatesFrom><RateTable>1</RateTable><StandardRate>100</StandardRate></Rate></Rates>
        </Resource><Resource><UID>2</UID><Name>Concrete</Name><Type>0</Type><MaterialLabel>m3</MaterialLabel>
        <StandardRate>1900</StandardRate></Resource><Resource><UID>3</UID><Name>Permit</Name>
        <IsCostResource>1</IsCostResource></Resource></Resources><Assignments>
        <Assignment><UID>1</UID><TaskUID>1</TaskUID><ResourceUID>1</ResourceUID><Units>2</Units><Work>PT170H0M0S</Work>
        <OvertimeWork>PT10H0M0S</OvertimeWork><WorkContour>6</WorkContour><CostRateTable>1</CostRateTable></Assignment>
        <Assignment><UID>2</UID><TaskUID>1</TaskUID><ResourceUID>2</ResourceUID><Units>40</Units></Assignment>
        <Assignment><UID>3</UID><TaskUID>1</TaskUID><ResourceUID>3</ResourceUID><Units>1</Units><Cost>450000</Cost>
        </Assignment></Assignments></Project>"""
    )
    assert b"<CostPerUse>12500</CostPerUse>" in once
    assert b"<WorkContour>6</WorkContour>" in once
    assert b"<Cost>450000</Cost>" in once


def test_what_the_format_has_no_place_for_is_told() -> None:
    contents = contents_of((FILES / "p34.xml").read_bytes())
    task = replace(contents.tasks[-1], labels=["inside"], assignee_id=new_id(), splits={"gaps": [[10, 20]]})
    task.task_type, task.summary = "fixed_duration", False
    contents.tasks[-1] = task
    contents.shows_rates = contents.shows_costs = False
    told = {loss.member: loss.count for loss in mspdi_losses(contents)}
    assert told["task.labels"] == told["task.assignee_id"] == told["task.splits"] == 1
    assert told["project.time_zone"] == 1


def test_money_that_is_not_shown_is_not_written() -> None:
    contents = contents_of((FILES / "p34.xml").read_bytes())
    hidden = [
        replace(each, standard_rate=None, overtime_rate=None, cost_per_use=None, rates=None)
        for each in contents.resources
    ]
    contents.resources[:] = hidden
    once = written(contents)
    assert b"Rate>" not in once
    assert b"CostPerUse" not in once


def test_a_large_plan_is_written_in_small_pieces() -> None:
    contents = contents_of((FILES / "p34.xml").read_bytes())
    model = next(task for task in contents.tasks if not task.summary)
    contents.tasks[:] = [
        replace(model, id=new_id(), parent_id=None, outline_level=1, import_uid=None) for _ in range(10_000)
    ]
    contents.links, contents.assignments, contents.baselines = [], [], []
    tracemalloc.start()
    largest = max(len(part) for part in write_mspdi(contents))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert largest < 200_000
    assert peak < 20_000_000


@pytest.mark.parametrize("contour", list(WorkContour))
@pytest.mark.parametrize("units", [Decimal("0.3333"), Decimal(1), Decimal("2.5")])
def test_a_part_of_any_shape_has_its_length_and_its_rest_again(contour: WorkContour, units: Decimal) -> None:
    first = contents_of(
        f"""{_HEAD}<Tasks><Task><UID>1</UID><Name>Build</Name><OutlineLevel>1</OutlineLevel><Duration>PT80H0M0S</Duration>
        </Task></Tasks><Resources><Resource><UID>1</UID><Name>Crew</Name></Resource></Resources><Assignments>
        <Assignment><UID>1</UID><TaskUID>1</TaskUID><ResourceUID>1</ResourceUID><Units>1</Units><Work>PT80H0M0S</Work>
        </Assignment></Assignments></Project>""".encode()
    )
    for length, rest in ((None, None), (48_000, 48_000), (60_007, 60_007), (60_007, 1_003), (30_000, 0)):
        part = replace(
            first.assignments[0], units=units, contour=contour, duration=length, remaining=rest, overtime=300
        )
        task = first.tasks[0]
        if length != rest:
            task = replace(task, actual_start=task.start, percent_complete=50)
        found = contents_of(written(replace(first, assignments=[part], tasks=[task]))).assignments[0]
        assert found.contour == contour
        assert (found.duration or 48_000) == (length or 48_000)
        assert found.remaining == (48_000 if rest is None else rest)
        assert (found.work, found.overtime) == (part.work, part.overtime)


@pytest.mark.parametrize("done", [0, 2_000, 4_800, 7_000])
def test_the_pauses_of_work_with_resources_come_back(done: int) -> None:
    first = contents_of(
        f"""{_HEAD}<Tasks><Task><UID>1</UID><Name>Build</Name><OutlineLevel>1</OutlineLevel><Duration>PT16H0M0S</Duration>
        </Task></Tasks><Resources><Resource><UID>1</UID><Name>Crew</Name></Resource><Resource><UID>2</UID><Name>Crane</Name>
        </Resource></Resources><Assignments><Assignment><UID>1</UID><TaskUID>1</TaskUID><ResourceUID>1</ResourceUID>
        <Units>2</Units><Work>PT32H0M0S</Work></Assignment><Assignment><UID>2</UID><TaskUID>1</TaskUID>
        <ResourceUID>2</ResourceUID><Work>PT16H0M0S</Work></Assignment></Assignments></Project>""".encode()
    )
    task = replace(first.tasks[0], splits={"gaps": [[4_800, 9_600], [7_200, 2_400]]})
    if done:
        task = replace(task, actual_start=task.start, percent_complete=done // 96, remaining=9_600 - done)
    # What is still to come: the work that is left, with the pauses that are.
    rest = 21_600 - done if done < 4_800 else 21_600 - done - 9_600 - (2_400 if done >= 7_200 else 0)
    parts = [replace(part, remaining=rest) for part in first.assignments]
    found = contents_of(written(replace(first, tasks=[task], assignments=parts)))
    assert found.tasks[0].splits == task.splits
    assert [(part.duration, part.remaining) for part in found.assignments] == [(None, rest)] * 2
