"""The OpenAPI document: what the views declare, plus the problem document every refusal answers with."""

import json
from inspect import getdoc

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated

from clientline.api.examples import add_examples
from clientline.api.operation_names import TAGS, choose_tag, name_operation, summarize_operation
from clientline.problem_codes import PROBLEM_CODES

METHODS = ("get", "post", "put", "patch", "delete")
MONEY = {"type": "string", "format": "decimal"}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document; `code` is stable, `type` leads to its page, `errors` comes with 400.",
    "required": ["type", "title", "status", "code", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/errors/slot_taken"]},
        "title": {"type": "string", "examples": ["Conflict"]},
        "status": {"type": "integer", "examples": [409]},
        "code": {"$ref": "#/components/schemas/ProblemCode"},
        "detail": {"type": "string", "examples": ["This time is already booked."]},
        "instance": {"type": "string", "examples": ["/appointments"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": ["string", "null"]},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "due": MONEY | {"description": "With `overpayment`: what is still to be paid"},
        "pending": MONEY | {"description": "With `overpayment`: what payments under way will take of it"},
        "refundable": MONEY | {"description": "With `refund_exceeds_payment`: what is left of the payment"},
        "cutoff_at": {"type": "string", "format": "date-time", "description": "With `too_late`: until when it went"},
        "visit": {"type": "integer", "description": "Of visits in one go, the number of that which is refused, from 0"},
        "appointment": {"type": "integer", "description": "Of visits that move together, the one that is refused"},
        "address": {"type": "string", "format": "uri", "description": "With `moved`: where the organization is"},
    },
}
PROBLEM_CODE = {
    "type": "string",
    "enum": list(PROBLEM_CODES),
    "description": "\n".join(f"* `{code}`: {meaning}" for code, meaning in PROBLEM_CODES.items()),
}
PROBLEM_RESPONSE = {
    "description": "Refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _describe_header(name, description, **options):
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description, **options)


IDEMPOTENCY_KEY = _describe_header(
    "Idempotency-Key",
    "Names the request: sent again within 24 hours, it is answered as the first time and does nothing",
    pattern="^[ -~]{1,255}$",
)
REPLAYED = _describe_header(
    "Idempotent-Replayed", "`true` where the request was answered before", response=[200, 201, 202]
)
IF_MATCH = _describe_header(
    "If-Match",
    "The ETag of the version that is meant, several, or *",
    pattern=r'^(\*|(W/)?"[!#-~]*"(, (W/)?"[!#-~]*")*)$',
)
ETAG = _describe_header("ETag", "The version of the row, in quotes", response=[200, 201])
# The further refusals of operations that take these headers.
REFUSALS = {
    "Idempotency-Key": {
        "409": "The same request is still running, or the present state refuses",
        "422": "The key came with another request",
    },
    "If-Match": {"412": "The row has another version: nothing was changed"},
}


OUTAGE = {
    "description": "`unavailable`: nothing was changed, try again after `Retry-After` seconds; `outcome_unknown`: the "
    "database was lost while it saved, so look before you send it again, or send it again with the same Idempotency-Key"
}


def says_what_it_strands(serializer_class, *, creating=True):
    """Documents that answers to changes have a key more: it is absent where nothing changed."""
    # Not read-only: such keys are documented as always there.
    told = serializers.IntegerField(required=False, help_text="Coming visits left without their person")
    name = f"Saved{serializer_class.__name__}"
    saved = type(
        name,
        (serializer_class,),
        {
            "stranded": told,
            "Meta": type("Meta", (serializer_class.Meta,), {"fields": [*serializer_class.Meta.fields, "stranded"]}),
        },
    )
    created = {"create": extend_schema(responses={201: saved})} if creating else {}
    changed = extend_schema(responses=saved)
    return extend_schema_view(**created, update=changed, partial_update=changed)


def _describe_access(rule, view):
    """Who may do what the view does, in a sentence."""
    if isinstance(rule, IsAuthenticated):
        return "For whoever is signed in."
    return rule.describe_access(view) if hasattr(rule, "describe_access") else "For everybody."


SENTENCES = {
    "list": "Those that the caller may see, page by page: follow `next`.",
    "retrieve": "404 where the caller may see none of this id.",
    "create": "Answered with the row, and its address in `Location`.",
    "update": "Replaces all that may be written: what is left out goes back to its default.",
    "partial_update": "Changes what is sent, and nothing else.",
    "destroy": "Where nothing refers to it, else it is 409 `protected`.",
}


class ClientLineSchema(AutoSchema):
    def get_operation_id(self):
        return name_operation(self.method, self.path, getattr(self.view, "action", None) or self.method.lower())

    def get_summary(self):
        return summarize_operation(self.get_operation_id())

    def get_tags(self):
        return [choose_tag(self.path)]

    def get_description(self):
        """What the action says of itself, and who may do it; the docstrings of views are for readers of the code."""
        own = vars(type(self.view)).get(getattr(self.view, "action", None) or self.method.lower())
        said = (getdoc(own) if own else None) or SENTENCES.get(getattr(self.view, "action", None), "")
        allowed = [_describe_access(rule, self.view) for rule in self.view.get_permissions()]
        return "\n\n".join(filter(None, [said, *allowed]))

    def get_request_serializer(self):
        create_class = getattr(self.view, "create_class", None)
        if create_class and getattr(self.view, "action", None) == "create":
            return create_class
        return super().get_request_serializer()

    def get_override_parameters(self):
        repeatable = self.method == "POST" and getattr(self.view, "is_repeatable", False)
        return [
            *super().get_override_parameters(),
            *([IDEMPOTENCY_KEY, REPLAYED] if repeatable else ()),
            *([IF_MATCH] if self.takes_a_version() else ()),
            *([ETAG] if self.answers_a_version() else ()),
        ]

    def takes_a_version(self):
        named = getattr(self.view, "named_model", None) or getattr(self.view, "model", None)
        return "{" in self.path and self.method != "GET" and hasattr(named, "version")

    def answers_a_version(self):
        moves = "{" in self.path and self.method == "POST"
        one = getattr(self.view, "action", None) in ("retrieve", "create", "update", "partial_update")
        return (one or moves) and hasattr(getattr(self.view, "model", None), "version")


class CallerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.caller_authentication.CallerAuthentication"
    name = ["bearer", "session"]

    def get_security_requirement(self, auto_schema):
        return [{name: []} for name in self.name]  # either will do

    def get_security_definition(self, auto_schema):
        return [
            {"type": "http", "scheme": "bearer"},
            {"type": "apiKey", "in": "cookie", "name": "clientline_session"},
        ]


def complete_document(result, generator, request, public):
    """What is told of all operations at once: tags in the order of use, refusals, examples."""
    used = {tag for methods in result["paths"].values() for operation in methods.values() for tag in operation["tags"]}
    result["tags"] = [{"name": name, "description": said} for name, said in TAGS.items() if name in used]
    # REST framework takes the methods of a resource from a set: each start would write another document.
    result["paths"] = {
        path: {method: operations[method] for method in METHODS if method in operations}
        for path, operations in result["paths"].items()
    }
    # The docstrings of serializers are for readers of the code.
    for schema in result["components"]["schemas"].values():
        schema.pop("description", None)
    add_problems(result)
    add_examples(result)
    explain_defaults(result["components"]["schemas"])
    return result


def explain_defaults(schemas):
    """Defaults become sentences, of bodies that replace or create a row: elsewhere what is absent has none."""
    # Danger: a generated client sends the default of a key that nobody named, which of a PATCH would overwrite the
    # row's value. To types for TypeScript, a key with a default is one that must be sent.
    for name, schema in schemas.items():
        for column in schema.get("properties", {}).values():
            if "default" in column:
                default = f"Default: `{json.dumps(column.pop('default'))}`"
                if name.endswith("Request") and not name.startswith("Patched"):
                    column["description"] = "\n\n".join(filter(None, [column.get("description"), default]))


def add_problems(result):
    """Every operation may refuse."""
    result["components"]["schemas"] |= {"Problem": PROBLEM, "ProblemCode": PROBLEM_CODE}
    for methods in result["paths"].values():
        for method, operation in methods.items():
            operation["responses"]["default"] = PROBLEM_RESPONSE
            if method != "get":
                operation["responses"]["503"] = PROBLEM_RESPONSE | OUTAGE
            for parameter in operation.get("parameters", ()):
                for status, description in REFUSALS.get(parameter["name"], {}).items():
                    operation["responses"][status] = PROBLEM_RESPONSE | {"description": description}
