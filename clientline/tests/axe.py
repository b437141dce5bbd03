"""axe-core in a page that is open in Chromium: every rule it knows, its best practices, too."""

from importlib.resources import files

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
RUN_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]})
  return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 200)).join(" ")}`)
}"""


def find_violations(page):
    """What axe finds on the page as it looks now, a rule each with the places that break it."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    return page.evaluate(RUN_AXE)
