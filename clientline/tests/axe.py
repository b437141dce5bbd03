"""axe-core in a page that is open in Chromium: every rule it knows, its best practices, too."""

from importlib.resources import files

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# Nothing is loaded again for the one rule that asks for it, which is switched off by default.
RUN_AXE = """async (parts) => {
  const found = await axe.run({exclude: parts}, {resultTypes: ["violations"], preload: false})
  return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 200)).join(" ")}`)
}"""


def find_violations(page, without=()):
    """What axe finds on the page as it looks now, a rule each with the places that break it, outside some parts."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    return page.evaluate(RUN_AXE, [[each] for each in without])
