"""If-Match: refusing what was meant for another version of the row."""

import re

from clientline.refusals import FieldRefused, Refused


class VersionMismatch(Refused):
    status = 412
    code = "version_mismatch"
    detail = "The row has changed since. Read it again."


# RFC 9110: a list of entity tags. They may hold commas, and a weak one never matches.
TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"[ \t]*{TAG}(?:[ \t]*,[ \t]*{TAG})*[ \t]*")


def make_etag(version):
    return f'"{version}"'


def refuse_other_versions(row, if_match):
    """Raises VersionMismatch where `if_match` (the header, or None) does not name the version of the locked row.

    A row without a version has none that could be named. Raises FieldRefused for what is no list of tags.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if not TAGS.fullmatch(if_match):
        raise FieldRefused("If-Match", "invalid", 'Send an ETag as it was answered, like "3", or *.')
    if not hasattr(row, "version") or make_etag(row.version) not in re.findall(TAG, if_match):
        raise VersionMismatch
