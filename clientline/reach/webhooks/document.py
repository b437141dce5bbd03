"""The section `webhooks` of the OpenAPI document: what receivers are sent, so that programs can be made for it."""

from clientline.reach.webhooks.models import TEST, TYPES

HEADERS = {
    "webhook-id": "Of the event at this receiver, the same on every attempt",
    "webhook-timestamp": "Of the attempt, in seconds since 1970",
    "webhook-signature": "`v1,` and base64, several parted by blanks while a secret is replaced",
}
INSTANT = {"type": "string", "format": "date-time"}
EVENT = {
    "type": "object",
    "description": "Ids, and no words: docs/developers/webhooks.md says what each type tells.",
    "required": ["type", "timestamp", "organization", "data"],
    "properties": {
        "type": {"type": "string", "enum": [*TYPES, TEST]},
        "timestamp": INSTANT,
        "organization": {"type": "integer", "format": "int64"},
        "data": {
            "type": "object",
            "required": ["ids", "status", "version", "start"],
            "properties": {
                "ids": {"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}},
                "status": {"type": "string"},
                "version": {"type": ["integer", "null"]},
                "start": {"type": ["string", "null"], "format": "date-time"},
            },
        },
    },
}


def add_webhooks(result, generator, request, public):
    result["components"]["schemas"]["WebhookEvent"] = EVENT
    result["webhooks"] = {kind: {"post": _describe_call(kind)} for kind in (*TYPES, TEST)}
    return result


def _describe_call(kind):
    return {
        "operationId": kind.replace(".", "_"),
        "summary": kind,
        "tags": ["webhooks"],
        "parameters": [
            {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": said}
            for name, said in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookEvent"}}},
        },
        "responses": {
            "2XX": {"description": "Taken. Everything else comes again, redirects too"},
            "410": {"description": "Gone: the receiver is disabled"},
            "429": {"description": "Later: `Retry-After` is kept to, with 503 as well"},
        },
    }
