"""Functions are verbs: what is called does something or answers a question. Who needs a new verb adds it here."""

import re

from clientline.tests.test_architecture import CODE, ROOT

VERBS = frozenset(
    """
    act add annotate answer arrange ask attribute become begin block book bound build call cancel catch ceil
    change charge check choose claim close collect compare compile complete compute configure confine
    confirm connect continue convert copy correct count create cut decode defer deliver derive describe
    detach digest disable divide do download draw drop encode end ensure enter erase examine expire explain
    export fail fetch fill filter find fingerprint fit fix flatten floor fold follow forget found freeze
    give go group guess hand handle hash heal hide hold identify imagine import index insert introduce
    invite issue join judge keep kill lead leave lengthen limit link list listen load localize lock log look
    make mark match measure merge move name narrow need note notify number offer open opt order owe parse
    pause pay pick place plan post prefer prepare prepay preview propose prove purge push put quote read
    recall receive recognize record redact refund refuse register rejoin release remember remove render
    renew reopen repeat replace replay report require reschedule rescue reset rest restore resume review revise
    rezone rotate round run sample save say seal search select send serve set settle share show sign size
    skip sort span speak split stage stand start step store strand subtract sum summarize sweep switch take
    tell thaw translate try turn undo validate visit void wait watch widen word work write
""".split()
)
# Read as questions, whose answer is yes or no.
QUESTIONS = frozenset(
    """
    accepts allows answers are can costs covers differs exists has is keeps knows leads leaves lives may overlaps
    performs permits refers says sends takes wants was will works writes
""".split()
)
# What is declared reads as Django's own words for it: columns, operations of a migration, expressions, marks of views.
DECLARATIONS = [
    "clientline/columns.py",
    "clientline/web/metrics.py",
    "clientline/operations.py",
    "clientline/redaction.py",
    "clientline/web/marks.py",
    "appointments/ranges.py",
    "payments/models.py",
]
# Their callers chose these names: gunicorn, Django's URLconf, or the page that a view answers.
NAMED_BY_OTHERS = {"main", "post_worker_init", "when_ready", "server_error", "page_not_found", "permission_denied"}
NAMED_BY_OTHERS |= {"bad_request", "csrf_failed"}
# Above a function they declare what it is.
DECORATORS = {"task", "every", "confined"}
PAGES = {"today", "week", "week_hours"}
TOP_LEVEL_FUNCTION = re.compile(r"^def (\w+)", re.MULTILINE)  # in hundreds of files, which to parse is dear


def _find_functions(path):
    return TOP_LEVEL_FUNCTION.findall(path.read_text())


def _is_well_named(name):
    word = name.lstrip("_").split("_")[0]
    return word in VERBS | QUESTIONS or name.endswith("_view") or name in NAMED_BY_OTHERS | DECORATORS | PAGES


def test_functions_are_verbs():
    modules = [path for path in CODE if str(path.relative_to(ROOT)) not in DECLARATIONS]
    nouns = {path: [name for name in _find_functions(path) if not _is_well_named(name)] for path in modules}
    assert {str(path): names for path, names in nouns.items() if names} == {}
