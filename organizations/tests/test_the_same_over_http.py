"""What the access table says in process, it says through a socket: each address of each resource, by one method.

With --all by each of them, on a row in scope and on others.
"""

import json

import pytest

from clientline.tests.rehearsals import undone
from organizations.tests.over_http import speak_http
from organizations.tests.test_policy import HELD, PATHS, cast, rows  # noqa: F401 -- a fixture among them

pytestmark = pytest.mark.sweep

HEADERS = ("Content-Type", "Cache-Control", "WWW-Authenticate", "Allow", "Location")


@pytest.fixture
def over_http(live_server):
    with speak_http(live_server) as client:
        yield client


def told(answer):
    """All that an answer says, but for what it is named by."""
    said = {name: answer.headers.get(name) for name in HEADERS}
    return answer.status_code, json.loads(answer.content or b"null"), said


def urls(cast, resource, path):  # noqa: F811
    """The list, a row of the organization's, another's, and one that nobody has."""
    first = HELD[resource]["org"].split()[0]
    known = rows(cast, resource)
    return path, f"{path}/{known[first]}", f"{path}/{known[f'away.{first}']}", f"{path}/987654321"


METHODS = (("get",), ("post", {}), ("patch", {}), ("put", {}), ("delete",))


def test_each_resource_answers_through_a_socket_as_in_process(cast, api, over_http, everything):  # noqa: F811
    """Of staff, whose scopes are the most, and of nobody."""
    inside, outside, nobody, seen = api(cast.home.staff), over_http(cast.home.staff), over_http(), set()
    for turn, (resource, path) in enumerate(PATHS.items()):
        for place, url in enumerate(urls(cast, resource, path), start=turn):
            for method, *body in METHODS if everything else METHODS[place % 5 :: 5]:
                with undone():
                    expected = told(getattr(inside, method)(url, *body))
                assert (method, url, told(getattr(outside, method)(url, *body))) == (method, url, expected)
                seen.add(expected[0])
        answer = nobody.get(path)
        assert (path, answer.status_code, answer["WWW-Authenticate"]) == (path, 401, "Bearer")
    assert seen >= {200, 400, 403, 404, 405}
