"""Admin pages as a browser reads them: the links, and the forms with what stands in their fields."""

import re
from html import unescape

from django import forms
from django.contrib.messages import get_messages

from clientline.tests.rendering import unrendered

# The few tags that are read; `html.parser`, which reads all, takes many times as long.
TAG = re.compile(r"""<(a|input|select|option|textarea|ul|/select)\b((?:"[^"]*"|'[^']*'|[^"'>])*)>""")
ATTRIBUTE = re.compile(r"""([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


class Page:
    def __init__(self, response):
        self.links, self.fields, self.errors = [], {}, []
        self.text, self.select = response.content.decode(), None
        for tag in TAG.finditer(self.text):
            self.read(tag[1], tag[2], tag.end())

    def read(self, name, written, end):
        attributes = {} if name == "option" and "selected" not in written else read_attributes(written)
        if name == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif name in ("select", "/select"):
            self.select = attributes.get("name")
        elif name == "option" and self.select and "selected" in attributes:
            self.fields.setdefault(self.select, []).append(attributes["value"])
        elif name == "textarea":
            self.fields[attributes["name"]] = unescape(self.read_until("</textarea>", end)).removeprefix("\n")
        elif name == "input" and "name" in attributes:
            self.read_input(attributes)
        elif name == "ul" and "errorlist" in attributes.get("class", ""):
            said = re.split("<[^>]*>", self.read_until("</ul>", end))
            self.errors += [unescape(each).strip() for each in said if each.strip()]

    def read_until(self, closing, end):
        return self.text[end : self.text.index(closing, end)]

    def read_input(self, attributes):
        kind = attributes.get("type", "text")
        if kind == "submit" or (kind in ("checkbox", "radio") and "checked" not in attributes):
            return
        empty = "on" if kind == "checkbox" else ""
        self.fields.setdefault(attributes["name"], []).append(attributes.get("value", empty))


def read_attributes(written):
    return {name: unescape("".join(value)) for name, *value in ATTRIBUTE.findall(written)}


def typed(response, /, **values):
    """What a browser sends when somebody types `values` into the page's form; None empties a field."""
    fields = Page(response).fields
    return {name: "" if value is None else value for name, value in (fields | values).items()}


def see(client, *asked):
    """What a page is made of, without its text."""
    with unrendered():
        return client.get(*asked).context


def submit(client, url, /, **values):
    """Open the form at `url`, type `values` and send it."""
    return client.post(url, typed(client.get(url), **values))


def judge(client, url, /, **values):
    """Send `values` alone, without the page they are typed into: what is made of them, without a text."""
    with unrendered():
        return client.post(url, values)


def standing(*shown):
    """What a browser sends of forms as they stand, asked of them and not of a page: in half of the time.

    Without what is told by the clock of the place, which is the page's; so is, where a form came back with an error,
    what its fields showed at first.
    """
    fields = (field for form in shown for field in form if not field.field.disabled)
    return {name: "" if value is None else value for field in fields for name, value in list_values(field)}


def list_values(field):
    widget, value = field.field.widget, field.value()
    if isinstance(widget, forms.MultiWidget):
        parts = zip(widget.widgets_names, widget.widgets, widget.decompress(value), strict=True)
        return [(field.html_name + name, part.format_value(each)) for name, part, each in parts]
    if isinstance(widget, forms.CheckboxInput):
        return [(name, "on") for name in list_names(field) if value]
    return [(name, widget.format_value(value)) for name in list_names(field)]


def list_names(field):
    """A form that tells what was changed has what it showed in a hidden field, too."""
    return [field.html_name, *([field.html_initial_name] if field.field.show_hidden_initial else [])]


def fill_in(client, url, /, **values):
    """As `submit`, without a text of either page."""
    return judge(client, url, **typed_into(form_of(see(client, url)), **values))


def form_of(context):
    return context["adminform"].form if "adminform" in context else context["form"]


def typed_into(form, **values):
    """As `typed`, of a form and not of a page."""
    return standing(form) | {name: "" if value is None else value for name, value in values.items()}


def faults_of(answer):
    """As `errors_of`, of a page without a text."""
    return [each for faults in form_of(answer.context).errors.values() for each in faults]


def errors_of(response):
    return Page(response).errors


def tell(answer):
    """What was said by what an answer leads to another page of, before that page is asked for."""
    return [str(each).partition(' <a class="undo"')[0] for each in get_messages(answer.wsgi_request)]


def tell_messages(response):
    """What the messages of a page say, without the links that take it back."""
    return [str(each).partition(' <a class="undo"')[0] for each in response.context["messages"]]


def kept(answer, *names):
    return {name: Page(answer).fields.get(name) for name in names}


def booking(cast, **values):
    """What is typed into the form of a booking: 10:00 in Berlin is 09:00 UTC in winter."""
    return {
        "client": cast.client.pk,
        "staff": cast.staff.pk,
        "service": cast.service.pk,
        "date": "2027-01-11",
        "slot": "",
        "time": "10:00",
    } | values
