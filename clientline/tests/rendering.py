"""What a test sees of the templates of an answer: the context of each page, not of each of its parts and widgets.

Django's test client copies the context for every `include`, every `extends` and every widget: for 65 templates a page,
which takes as long as to sign somebody in.
"""

from contextlib import contextmanager

from django.test import utils
from django.test.signals import template_rendered

unread = []


@contextmanager
def unrendered():
    """Answers without a text, for who asks only what they are made of: `answer.context`, in half of the time."""
    unread.append(True)
    try:
        yield
    finally:
        unread.pop()


def render(template, context):
    is_whole = context.template is template  # a part is rendered in the context of the template that asked for it
    if is_whole and not (template.name or "").startswith("django/forms/"):
        template_rendered.send(sender=template, template=template, context=context)
        if unread:
            return ""
    return template.nodelist.render(context)


utils.instrumented_test_render = render
