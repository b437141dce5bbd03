"""The OpenAPI document: what the views declare, plus the problem document every refusal answers with."""

from inspect import getdoc

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document; `code` is stable, `errors` comes with 400.",
    "required": ["type", "title", "status", "code", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
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
    },
}
PROBLEM_RESPONSE = {
    "description": "Refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class ClientLineSchema(AutoSchema):
    def get_description(self):
        """What the action says of itself; the docstrings of views are for readers of the code."""
        own = vars(type(self.view)).get(getattr(self.view, "action", None) or self.method.lower())
        return getdoc(own) if own else ""

    def get_request_serializer(self):
        create_class = getattr(self.view, "create_class", None)
        if create_class and getattr(self.view, "action", None) == "create":
            return create_class
        return super().get_request_serializer()


class CallerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.CallerAuthentication"
    name = ["bearer", "session"]

    def get_security_requirement(self, auto_schema):
        return [{name: []} for name in self.name]  # either will do

    def get_security_definition(self, auto_schema):
        return [
            {"type": "http", "scheme": "bearer"},
            {"type": "apiKey", "in": "cookie", "name": "clientline_session"},
        ]


def add_problems(result, generator, request, public):
    """Every operation may refuse. The docstrings of serializers are for readers of the code."""
    for schema in result["components"]["schemas"].values():
        schema.pop("description", None)
    result["components"]["schemas"]["Problem"] = PROBLEM
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"]["default"] = PROBLEM_RESPONSE
    return result
