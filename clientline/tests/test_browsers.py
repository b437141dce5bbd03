"""What tests in a browser share."""

from threading import Thread

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.test.client import ClientHandler

from clientline.tests.browsers import await_answers


def tell(signal, sender, **given):
    """As a server does, in a thread that has no connection to close."""
    thread = Thread(target=signal.send, args=[sender], kwargs=given)
    thread.start()
    thread.join()


def test_no_test_is_over_before_what_its_pages_asked_is_answered():
    with await_answers(patience=0):
        tell(request_started, ClientHandler, environ={})  # its answer may have been an exception
        tell(request_started, WSGIHandler, environ={})
        tell(request_finished, WSGIHandler)
    with pytest.raises(AssertionError), await_answers(patience=0):
        tell(request_started, WSGIHandler, environ={})
