"""Where things stand on a board, without anybody asking over HTTP. Berlin: clocks change on 29 March and 25 October."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from appointments.working_time.hours import cut_out, find_minute
from clientline.backoffice.calendar.arrangement import arrange
from clientline.backoffice.calendar.axis import LEAST, LINE, MOST, Axis
from clientline.backoffice.calendar.board import Board, Column, Visit, choose_step, cut_into_pieces
from clientline.backoffice.calendar.drawing import draw_column, draw_columns, draw_scale

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
SHORT_DAY, LONG_DAY = date(2026, 3, 29), date(2026, 10, 25)


def minute(clock, day=MONDAY):
    hours, minutes = clock.split(":")
    return find_minute(BERLIN, day, int(hours) * 60 + int(minutes))


def visit(starts, ends, day=MONDAY, **details):
    """Starts and ends are times of the day, or minutes."""
    starts, ends = (each if isinstance(each, int) else minute(each, day) for each in (starts, ends))
    given = {"status": "scheduled", "overbooked": False, "busy_from": starts, "busy_until": ends, **details}
    return Visit(pk=7, staff=1, client="Mia Lange", service="Haircut", starts=starts, ends=ends, **given)


def column(*visits, day=MONDAY, hours=("09:00", "12:00"), **details):
    windows = [(minute(hours[0], day), minute(hours[1], day))] if hours else []
    return Column("Sofie", staff=1, day=day, windows=windows, visits=list(visits), performer="Sofie", **details)


def board(*columns, now=0, **details):
    return Board(Axis(BERLIN, [each.day for each in columns]), list(columns), now, **details)


def seen(drawn, number=0):
    """(kind, minutes from the top, minutes long, left, width) of the places of a column."""
    places, axis = drawn.drawn[number]["places"], drawn.axis
    return [
        (
            each.kind,
            round((each.top - axis.above) / axis.pixels),
            round(each.height / axis.pixels),
            each.left,
            each.width,
        )
        for each in places
    ]


def test_visits_stand_at_their_minutes_below_the_first_hour_of_the_day():
    drawn = board(column(visit("09:30", "10:15"), visit("11:00", "11:45", status="completed")))
    assert [label for _, label in drawn.labels] == ["09:00", "10:00", "11:00"]
    assert seen(drawn) == [("scheduled", 30, 45, 0, 100), ("completed", 120, 45, 0, 100)]
    assert drawn.height == 180 * LEAST + 2 * LINE  # and a line for what is folded above and below


def test_a_visit_close_to_the_hours_widens_the_day():
    drawn = board(column(visit("07:30", "08:00"), visit("13:50", "14:10")))
    assert [label for _, label in drawn.labels] == [f"{hour:02}:00" for hour in range(7, 15)]


def test_a_board_of_nothing_shows_the_usual_hours():
    assert [label for _, label in board(column(hours=None)).labels] == [f"{hour:02}:00" for hour in range(9, 17)]


def test_overlapping_visits_stand_side_by_side_and_later_ones_have_the_width_again():
    drawn = board(
        column(
            visit("09:00", "10:00"),
            visit("09:30", "10:30", overbooked=True),
            visit("10:00", "10:30"),
            visit("10:30", "11:00"),
        )
    )
    assert [each[3:] for each in seen(drawn)] == [(0, 50), (50, 50), (0, 50), (0, 100)]


def test_only_what_overlaps_makes_room():
    visits = [
        visit("09:00", "12:00"),
        visit("09:00", "09:30", overbooked=True),
        visit("09:15", "09:45", overbooked=True),
        visit("10:00", "10:30", overbooked=True),  # beside the long one alone
    ]
    assert [each[3:] for each in seen(board(column(*visits)))] == [
        (0, 33.33),
        (33.33, 33.33),
        (66.67, 33.33),
        (33.33, 66.67),
    ]


def test_cancelled_visits_are_narrow_and_leave_room_to_book():
    drawn = board(
        column(visit("09:00", "10:00", status="cancelled"), hours=("09:00", "10:00")), booking_url="/book", step=60
    )
    assert seen(drawn) == [("free", 0, 60, 0, 91), ("cancelled", 0, 60, 91, 9)]
    drawn = board(column(visit("09:00", "10:00", status="cancelled"), visit("09:00", "10:00")))
    assert [(each[0], *each[3:]) for each in seen(drawn)] == [("scheduled", 0, 91), ("cancelled", 91, 9)]


def test_visits_that_touch_have_the_whole_width_each_and_five_minutes_are_a_line():
    drawn = board(column(visit("09:00", "09:05"), visit("09:05", "09:45")))
    assert seen(drawn) == [("scheduled", 0, 5, 0, 100), ("scheduled", 5, 40, 0, 100)]
    assert drawn.drawn[0]["places"][0].height == LINE


@pytest.mark.parametrize(("grid", "pixels"), [(5, MOST), (10, 1.8), (15, LEAST), (60, LEAST), (1, MOST)])
def test_the_scale_follows_the_grid_within_bounds(grid, pixels):
    assert board(column(), grid=grid).axis.pixels == pixels


def test_a_visit_shorter_than_a_line_takes_one_where_nothing_stands_below():
    drawn = board(column(visit("09:00", "09:02"), visit("09:02", "09:04"), visit("09:30", "09:32")))
    assert [each.height for each in drawn.drawn[0]["places"]] == [2 * MOST, LINE, LINE]


def test_a_hundred_visits_at_once_still_fit_the_column():
    drawn = board(column(*[visit("09:00", "10:00", overbooked=True) for _ in range(100)]))
    assert max(left + width for _, _, _, left, width in seen(drawn)) <= 100
    assert len({left for _, _, _, left, _ in seen(drawn)}) == 100


def test_a_visit_over_midnight_is_cut_at_both_days_edges():
    late = visit(minute("23:30"), minute("23:30") + 60)
    tuesday = date(2026, 11, 24)
    drawn = board(column(late, hours=None), column(late, day=tuesday, hours=None))
    assert [seen(drawn, number) for number in (0, 1)] == [
        [("scheduled", 23 * 60 + 30, 30, 0, 100)],
        [("scheduled", 0, 30, 0, 100)],
    ]
    assert drawn.drawn[1]["places"][0].label.startswith("23:30–00:30 Mia Lange")


def test_who_works_around_the_clock_makes_nobodys_day_as_long():
    night = visit("03:00", "03:30")
    late = visit(minute("23:30"), minute("23:30") + 60)
    around_the_clock = Column(
        "Ole", 2, MONDAY, windows=[(minute("00:00"), minute("00:00") + 1440)], visits=[night, late]
    )
    drawn = board(column(visit("09:00", "09:30")), around_the_clock, booking_url="/book", step=60)
    assert [label for _, label in drawn.labels] == ["09:00", "10:00", "11:00"]
    assert [label for _, label in drawn.axis.list_folds()] == ["00–09", "12–24"]
    ole = [(each.kind, each.top, each.height) for each in drawn.drawn[1]["places"] if each.kind != "free"]
    below = drawn.height - LINE
    assert ole == [("scheduled folded", LINE, LINE), ("scheduled folded", below, LINE)]
    assert board(around_the_clock).axis.list_folds() == []  # alone, they are the day
    assert len(board(column(), around_the_clock, is_unfolded=True).labels) == 24


def test_a_night_of_the_evening_before_is_folded_and_one_that_begins_is_not():
    nights = [(minute("00:00") - 120, minute("02:00")), (minute("22:00"), minute("22:00") + 240)]
    drawn = board(Column("Ole", 2, MONDAY, windows=nights))
    assert [label for _, label in drawn.labels] == ["22:00", "23:00"]


def test_the_short_day_has_no_second_hour():
    drawn = board(column(visit("01:30", "03:30", SHORT_DAY), day=SHORT_DAY, hours=("00:00", "05:00")))
    assert [label for _, label in drawn.labels] == ["00:00", "01:00", "03:00", "04:00"]
    assert seen(drawn) == [("scheduled", 90, 60, 0, 100)]  # 01:30 to 03:30 was an hour


def test_the_long_day_shows_its_second_hour_twice():
    first = minute("02:15", LONG_DAY)
    visits = [visit(first, first + 30), visit(first + 60, first + 90)]
    drawn = board(column(*visits, day=LONG_DAY, hours=("01:00", "04:00")))
    assert [label for _, label in drawn.labels] == ["01:00", "02:00", "02:00 (2nd)", "03:00"]
    assert seen(drawn) == [("scheduled", 75, 30, 0, 100), ("scheduled", 135, 30, 0, 100)]


@pytest.mark.parametrize("day", [SHORT_DAY, LONG_DAY])
def test_in_a_week_every_day_keeps_to_the_same_clock(day):
    saturday = date(day.year, day.month, day.day - 1)
    columns = [column(visit("10:00", "11:00", each), day=each) for each in (saturday, day)]
    drawn = board(*columns)
    assert [label for _, label in drawn.labels] == ["09:00", "10:00", "11:00"]
    assert seen(drawn, 0) == seen(drawn, 1) == [("scheduled", 60, 60, 0, 100)]


def test_shades_are_closed_hours_time_off_and_buffers():
    away = (minute("10:00"), minute("11:00"), "Dentist")
    busy = visit("11:15", "11:30", busy_from=minute("11:05"), busy_until=minute("11:40"))
    drawn = board(column(busy, visit("08:00", "08:30", status="cancelled"), away=[away]))
    shades = [
        (each.kind, round((each.top - drawn.axis.above) / LEAST), round(each.height / LEAST), each.text)
        for each in drawn.drawn[0]["shades"]
    ]
    assert shades == [
        ("closed", 0, 60, ""),  # 08:00, which the cancelled visit brings into sight
        ("away", 120, 60, "Time off: Dentist"),
        ("buffer", 185, 10, ""),
        ("buffer", 210, 10, ""),
    ]


def test_free_places_are_what_hours_leave_cut_on_the_grid_with_one_stop_for_each_gap():
    busy = visit("09:40", "10:00", busy_until=minute("10:10"))
    drawn = board(column(busy, hours=("09:00", "11:00")), booking_url="/book", step=30)
    free = [(each.url, each.is_stop) for each in drawn.drawn[0]["places"] if each.kind == "free"]
    assert free == [
        (f"/book?staff=1&date=2026-11-23&time={clock}", is_stop)
        for clock, is_stop in [("09:00", True), ("09:30", False), ("10:10", True), ("10:30", False)]
    ]
    assert board(column(hours=("09:00", "11:00"))).drawn[0]["places"] == []  # who may not book sees no place to


def test_the_present_is_a_line_on_its_own_day_only():
    tuesday = date(2026, 11, 24)
    drawn = board(column(), column(day=tuesday), now=minute("10:30"))
    assert [each["now"] for each in drawn.drawn] == [LINE + 90 * LEAST, None]
    assert [each["now"] for each in board(column(), now=minute("06:00")).drawn] == [None]


def test_what_sets_a_visit_apart_is_said_in_words():
    visits = [
        visit("09:00", "09:30"),
        visit("09:30", "10:00", status="no_show", due=9),
        visit("10:00", "10:30", status="cancelled", overbooked=True, due=0),
        visit("10:30", "11:00", status="completed", overbooked=True, due=1),
    ]
    labels = [each.label for each in board(column(*visits)).drawn[0]["places"]]  # at a time before them all
    assert labels == [
        "09:00–09:30 Mia Lange, Haircut, with Sofie, scheduled",
        "09:30–10:00 Mia Lange, Haircut, with Sofie, no-show, unpaid",
        "10:00–10:30 Mia Lange, Haircut, with Sofie, cancelled",
        "10:30–11:00 Mia Lange, Haircut, with Sofie, completed, overbooked, unpaid",
    ]


def test_the_desk_sees_who_is_late_has_come_is_new_or_was_never_closed():
    visits = [
        visit("09:00", "09:30", has_note=True),
        visit("09:30", "10:15"),
        visit("09:45", "10:15", arrived_at=BERLIN, overbooked=True),
        visit("10:00", "10:30"),
        visit("11:00", "11:30", is_first=True),
    ]
    places = board(column(*visits), now=minute("10:00")).drawn[0]["places"]
    assert [each.marks for each in places] == [
        ("Not closed", "Note"),
        ("Late",),
        ("Arrived", "Overbooked"),
        (),
        ("First visit",),
    ]


def test_marks_stand_on_a_german_board_as_on_an_english_one():
    new = visit("09:00", "09:30", is_first=True, in_service_at=BERLIN, has_note=True)
    with translation.override("de"):
        drawn = board(column(new))
        html = draw_column(drawn, drawn.drawn[0])
    assert "Haircut, bei Sofie, geplant, In Behandlung, Erster Termin, Notiz" in html
    assert "<i>▶★✎</i>" in html


def test_what_people_typed_is_written_as_text():
    odd = visit("09:00", "10:00")
    odd.client, odd.service = '<b>"Mia"', "Cut & 'dry'"
    drawn = board(column(odd, away=[(minute("11:00"), minute("12:00"), "<i>")]))
    html = draw_column(drawn, drawn.drawn[0])
    assert 'aria-label="09:00–10:00 &lt;b&gt;&quot;Mia&quot;, Cut &amp; &#x27;dry&#x27;, with Sofie, scheduled"' in html
    assert "<b>&lt;b&gt;&quot;Mia&quot;</b> <span>09:00 Cut &amp; &#x27;dry&#x27;</span>" in html
    assert "Time off: &lt;i&gt;</text>" in html


COLUMN = """
  <section id="column-1" aria-labelledby="title-1">
    <h2 id="title-1"><a href="/week?staff=1&amp;date=2026-11-23" title="Sofie &lt;3">Sofie &lt;3</a></h2>
    <svg role="group" aria-label="Sofie &lt;3" width="100%" height="108.0" data-staff="1" data-date="2026-11-23">
<path class="lines" d="M0 18H9999M0 90H9999"/>
<foreignObject x="0%" y="18" width="100%" height="36"><a class="visit scheduled h0 late" href="/visits/7/change/"\
 data-v="1" data-minutes="30" aria-label="09:00–09:30 Mia Lange, Haircut, with Sofie, scheduled, late"\
 title="09:00–09:30 Mia Lange, Haircut, with Sofie, scheduled, late"><b>Mia Lange</b> <span>09:00 Haircut</span>\
<i>!</i></a></foreignObject>
<foreignObject x="0%" y="54" width="100%" height="36">\
<a class="free" href="/book?staff=1&amp;date=2026-11-23&amp;time=09:30"\
 aria-label="Book 09:30 with Sofie">+ 09:30</a></foreignObject>
<line class="now" x2="100%" y1="36.0" y2="36.0"/>
    </svg>
  </section>
  """


def test_a_column_is_drawn_to_the_byte():
    one = column(visit("09:00", "09:30"), hours=("09:00", "10:00"))
    one.title, one.url = "Sofie <3", "/week?staff=1&date=2026-11-23"
    drawn = board(one, now=minute("09:15"), visit_url="/visits/", booking_url="/book")
    assert draw_columns(drawn) == COLUMN
    folds = '<text class="fold" x="42" y="12">00–09</text><text class="fold" x="42" y="102.0">10–24</text>'
    assert draw_scale(drawn.axis) == f'<text x="42" y="30.0">09:00</text>{folds}'


def test_visits_of_somebody_who_left_need_somebody_and_their_column_offers_nothing():
    drawn = board(column(visit("09:00", "09:30"), is_active=False), booking_url="/book")
    (place,) = drawn.drawn[0]["places"]
    assert place.marks == ("Needs somebody",)


def test_cutting_and_grid():
    assert cut_out([(0, 10), (20, 30)], [(8, 22), (2, 4), (3, 5), (30, 40)]) == [(0, 2), (5, 8), (22, 30)]
    assert cut_out([(0, 10)], [(0, 10)]) == []
    assert list(cut_into_pieces((40, 100), 0, 30)) == [(40, 60), (60, 90), (90, 100)]
    assert [choose_step(interval) for interval in (5, 15, 20, 45, 720)] == [30, 30, 40, 45, 720]
    assert arrange([]) == {}
