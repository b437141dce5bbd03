"""What `clientline.wording` writes, as filters that every template has. Instants are shown in the active zone."""

from django import template

from clientline import wording

register = template.Library()

FILTERS = (
    wording.write_date,
    wording.write_short_date,
    wording.write_bare_date,
    wording.write_bare_day,
    wording.write_long_date,
    wording.write_plain_long_date,
    wording.write_local_moment,
    wording.write_clock,
)


def _make_filter(write):
    def written(value):
        return "" if value in (None, "") else write(value)  # midnight is a time, too

    return written


register.filter("write_within", wording.write_within)
register.filter("write_money", wording.write_money)
for _each in FILTERS:
    register.filter(_each.__name__, _make_filter(_each), expects_localtime=True)
