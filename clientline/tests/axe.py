"""axe-core in a page that is open in Chromium: every rule it knows, its best practices, too."""

from importlib.resources import files

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# Nothing is loaded again for the one rule that asks for it, which is switched off by default.
RUN_AXE = """async ([parts, rules]) => {
  const found = await axe.run({exclude: parts}, {resultTypes: ["violations"], preload: false, rules})
  return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 200)).join(" ")}`)
}"""


def find_violations(page, without=(), *, contrast=True):
    """What axe finds on the page as it looks now, a rule each with the places that break it, outside some parts.

    Two thirds of its time are one rule: where `Visitor.find_pale_text` looks, it may be left out.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    return page.evaluate(RUN_AXE, [[[each] for each in without], {"color-contrast": {"enabled": contrast}}])
