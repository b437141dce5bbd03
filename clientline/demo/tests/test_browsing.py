"""Browsers of one thread share what drives them."""

from contextlib import ExitStack

from clientline.demo.browsing import run_playwright


def test_the_driver_runs_until_the_last_of_its_users_leaves():
    with ExitStack() as last:
        with run_playwright() as first:
            assert last.enter_context(run_playwright()) is first
        first.request.new_context().dispose()
