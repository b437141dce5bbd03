"""The site of the documents: `make docs` builds it without a network."""

import re
from pathlib import Path

project = "ClientLine"
release = re.search(r"^## (\S+)", (Path(__file__).parents[1] / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"ClientLine {release}"
html_show_sphinx = html_copy_source = False
myst_heading_anchors = 3
# Links to code and to what lies beside README lead out of the site: GitHub and editors follow them.
suppress_warnings = ["myst.xref_missing"]
exclude_patterns = ["_build"]
