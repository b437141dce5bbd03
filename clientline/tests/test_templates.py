"""Django shows nothing of a block that the extended template does not have, and says nothing of it."""

import re

from django.template.loader import get_template
from django.template.loader_tags import BlockNode, ExtendsNode

from clientline.tests.test_architecture import FLOORS, ROOT

TEMPLATES = {
    str(path).partition("/templates/")[2]: path
    for floor in FLOORS
    for path in sorted((ROOT / floor).glob("**/templates/**/*.html"))
}
EXTENDING = [name for name, path in TEMPLATES.items() if re.match(r"\s*{% extends", path.read_text())]


def list_blocks(template):
    return {node.name for node in template.nodelist.get_nodes_by_type(BlockNode)}


def list_own_blocks(template):
    """Those that stand in no other: what a block of one's own holds is shown wherever that is."""
    [extends] = template.nodelist.get_nodes_by_type(ExtendsNode)
    return {node.name for node in extends.nodelist if isinstance(node, BlockNode)}


def list_blocks_above(template):
    known = set()
    while extends := template.nodelist.get_nodes_by_type(ExtendsNode):
        template = get_template(extends[0].parent_name.resolve({"frame": "admin/frame.html"})).template
        known |= list_blocks(template)
    return known


def test_every_block_that_is_filled_is_one_of_the_extended_template():
    templates = {name: get_template(name).template for name in EXTENDING}
    unknown = {name: list_own_blocks(each) - list_blocks_above(each) for name, each in templates.items()}
    assert {name: blocks for name, blocks in unknown.items() if blocks} == {}


def test_templates_are_found():
    assert {"admin/change_form.html", "admin/reach/feed.html"} <= TEMPLATES.keys()
    assert len(EXTENDING) > 40
