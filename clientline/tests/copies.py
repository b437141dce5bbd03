"""Processes that begin as a copy of this one, to work or to die beside a test: a start of Python would be dear."""

from multiprocessing import get_context

from django.db import connections

kept = []  # what is closed in a copy ends here, too


def start_copy(perform, *arguments):
    """A process that calls `perform` and ends; its connections are its own. See `multiprocessing.Process`."""
    process = get_context("fork").Process(target=_perform_apart, args=(perform, *arguments))
    process.start()
    return process


def _perform_apart(perform, *arguments):
    give_up_connections()
    perform(*arguments)


def give_up_connections():
    """In a copy: those it has are its origin's, and it makes its own."""
    for link in connections.all(initialized_only=True):
        kept.append(link.connection)
        link.connection = None
