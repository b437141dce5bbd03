"""Ids in paths: a number PostgreSQL's bigint can hold; any other is no path at all, hence 404."""

from clientline.notations import LARGEST_INTEGER


class IdConverter:
    regex = "[0-9]{1,19}"

    def to_python(self, value):
        number = int(value)
        if not 0 < number <= LARGEST_INTEGER:
            raise ValueError
        return number

    def to_url(self, value):
        return str(value)
