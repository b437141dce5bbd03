"""All parts on one page, compared with the picture of it that is kept: who changes how it looks takes another one."""

import base64
from pathlib import Path

import pytest

from clientline.demo.browsing import CHROMIUM, LOOK_SCREEN, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

PICTURES = Path(__file__).with_name("look")
CELL, FAR, MOST = 20, 18, 0.02  # pixels, steps of 255 by which a cell's mean differs, and the share of such cells

# The share of cells of two pictures whose mean colours are far apart: letters may be another font's, parts not.
COMPARE = """async ([kept, taken, cell, far]) => {
  const read = async (data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}))
    const [width, height] = [Math.floor(image.width / cell), Math.floor(image.height / cell)]
    const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(image, 0, 0, width, height)
    return [...context.getImageData(0, 0, width, height).data]
  }
  const [one, other] = [await read(kept), await read(taken)]
  if (one.length !== other.length) return 1
  let apart = 0
  for (let place = 0; place < one.length; place += 4) {
    if ([0, 1, 2].some((part) => Math.abs(one[place + part] - other[place + part]) > far)) apart += 1
  }
  return apart / (one.length / 4)
}"""


@pytest.fixture
def visitor(live_server, salon, client, browser, settings):
    settings.SHOWS_LOOK = True
    client.force_login(salon.admin)
    visitor = Visitor(browser, live_server.url, viewport=LOOK_SCREEN).carry(client.cookies)
    visitor.page.goto("/admin/look/", wait_until="networkidle")
    yield visitor
    assert visitor.complaints == []
    visitor.leave()


def differ(page, kept, taken):
    """The share of two pictures that is apart."""
    return page.evaluate(COMPARE, [*(base64.b64encode(each).decode() for each in (kept, taken)), CELL, FAR])


def test_all_parts_look_as_they_are_kept(visitor):
    """To keep how they look now: `DEBUG=true manage.py screenshots --look`, and look at the pictures."""
    page, found = visitor.page, {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        taken = page.screenshot(animations="disabled")
        found[scheme] = differ(page, (PICTURES / f"{scheme}.png").read_bytes(), taken)
    assert all(share <= MOST for share in found.values()), found
    page.evaluate("[...document.styleSheets].find(each => each.href?.includes('backoffice.css')).disabled = true")
    assert differ(page, taken, page.screenshot(animations="disabled")) > MOST
