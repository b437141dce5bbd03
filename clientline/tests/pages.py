"""Admin pages as a browser reads them: the links, and the forms with what stands in their fields."""

from html.parser import HTMLParser

from clientline.tests.rendering import unrendered


class Page(HTMLParser):
    def __init__(self, response):
        super().__init__()
        self.links, self.fields, self.errors = [], {}, []
        self.select = self.textarea = self.error_list = None
        self.feed(response.content.decode())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "select":
            self.select = attributes.get("name")
        elif tag == "option" and self.select and "selected" in attributes:
            self.fields.setdefault(self.select, []).append(attributes["value"])
        elif tag == "textarea":
            self.textarea, self.fields[attributes["name"]] = attributes["name"], ""
        elif tag == "input" and "name" in attributes:
            self.read_input(attributes)
        elif tag == "ul" and "errorlist" in attributes.get("class", ""):
            self.error_list = True

    def read_input(self, attributes):
        kind = attributes.get("type", "text")
        if kind == "submit" or (kind in ("checkbox", "radio") and "checked" not in attributes):
            return
        empty = "on" if kind == "checkbox" else ""
        self.fields.setdefault(attributes["name"], []).append(attributes.get("value", empty))

    def handle_endtag(self, tag):
        if tag == "ul":
            self.error_list = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.textarea = None

    def handle_data(self, data):
        if self.textarea:
            self.fields[self.textarea] += data.removeprefix("\n")
        if self.error_list and data.strip():
            self.errors.append(data.strip())


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


def errors_of(response):
    return Page(response).errors


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
