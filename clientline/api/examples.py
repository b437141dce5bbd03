"""Examples for the API document, made of its own schemas, so that none can be left behind by a new column."""

from typing import Any

Schema = dict[str, Any]

# What a salon would have there. A name that stands for several things has the example of the first type that fits.
VALUES: dict[str, list[Any]] = {
    "action": ["insert"],
    "address": ["203.0.113.7"],
    "agent": ["Mozilla/5.0"],
    "amount": ["45.00"],
    "brand_color": ["#336699"],
    "bookkeeping_accounts": [""],
    "by_name": ["Sofie"],
    "charge": ["45.00"],
    "checkout_url": ["https://pay.example/c/7"],
    "client_name": ["Eva Muster"],
    "code": ["123456"],
    "contact_email": ["eva@example.com"],
    "country": ["DE"],
    "currency": ["EUR"],
    "current_password": ["correct horse battery staple"],
    "credit": ["0.00"],
    "description": ["Wash, cut and blow-dry"],
    "due": ["45.00"],
    "duration": [30],
    "email": ["eva@example.com"],
    "embed_origins": ["https://salon.example"],
    "ends": ["17:00"],
    "every": [4],
    "external_id": ["1042"],
    "external_source": ["treatwell"],
    "group_by": ["day"],
    "internal_notes": [""],
    "label": ["2026-12-01"],
    "language": ["de"],
    "last_used_address": ["203.0.113.7"],
    "late_cancellation_fee": ["50.00"],
    "limit": [50],
    "message": ["ok"],
    "name": ["Eva Muster"],
    "net": ["45.00"],
    "new_password": ["another horse battery staple"],
    "no_show_fee": ["100.00"],
    "notes": ["Prefers the window"],
    "paid": ["0.00"],
    "password": ["correct horse battery staple"],
    "phone": ["030 1234567"],
    "phone_e164": ["+49301234567"],
    "prefix": ["cl_4f9a2b7c1d"],
    "price": ["45.00"],
    "price_reason": [""],
    "cancellation_reason": [""],
    "reason": ["The client asked for it"],
    "reference": [""],
    "refunded": ["0.00"],
    "refunded_amount": ["0.00"],
    "region": ["BE"],
    "rounding": ["0.00"],
    "secret": ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"],
    "service_name": ["Haircut"],
    "slug": ["salon-sonnig"],
    "staff_name": ["Sofie"],
    "starts": ["09:00"],
    "table": ["appointments"],
    "taken": ["45.00"],
    "tax_rate": ["19.00"],
    "timezone": ["Europe/Berlin"],
    "tip": ["0.00"],
    "tips": ["0.00"],
    "type": ["appointment.booked"],
    "url": ["https://example.com/webhooks"],
    "uri": ["otpauth://totp/ClientLine:eva@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"],
    "void_reason": [""],
    "year": [2027],
}
# By the name of a component, where the name of its column says too little.
WEBHOOK_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NAMED = {
    "Service.name": "Haircut",
    "Organization.name": "Salon Sonnig",
    "Token.name": "Cash register",
    "Holiday.name": "Neujahr",
    "Webhook.description": "Cash register",
    "ToldWebhook.description": "Cash register",
    "ToldWebhook.secret": WEBHOOK_SECRET,
    "NewWebhook.description": "Cash register",
    "NewWebhook.secret": WEBHOOK_SECRET,
    "Rotation.secret": WEBHOOK_SECRET,
}
FORMATS = {
    "date-time": "2026-12-01T10:00:00+01:00",
    "date": "2026-12-01",
    "uuid": "0b7c6a0e-3f57-4a35-9f0e-6f1f1a1f0c11",
    "uri": "https://example.com/",
    "uri-reference": "/errors/slot_taken",
    "email": "eva@example.com",
    "decimal": "45.00",
    "double": 0.75,
}
PLAIN = {"string": "", "integer": 7, "number": 0.75, "boolean": False}


def add_examples(document: Schema) -> None:
    """Give each body of JSON, sent or answered, an example; problem documents have theirs in their schema."""
    components = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            for body in [operation.get("requestBody", {}), *operation["responses"].values()]:
                content = body.get("content", {}).get("application/json")
                if content and content.get("schema"):
                    content["example"] = make_example(content["schema"], components)


def make_example(schema: Schema, components: dict[str, Schema], *, name: str = "", owner: str = "") -> Any:
    """A value that the schema allows. `name` is the property's, `owner` the component's that it stands in."""
    if "$ref" in schema:
        owner = schema["$ref"].rpartition("/")[2]
        return make_example(components[owner], components, name=name, owner=owner)
    for choice in ("allOf", "oneOf", "anyOf"):
        if choice in schema:
            return make_example(schema[choice][0], components, name=name, owner=owner)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [make_example(schema["items"], components, name=name, owner=owner)]
    if schema.get("type") == "object" or "properties" in schema:
        return _make_object(schema, components, owner)
    return _make_value(schema, name, owner)


def _make_object(schema: Schema, components: dict[str, Schema], owner: str) -> dict[str, Any]:
    properties = dict(schema.get("properties", {}))
    if owner.endswith("Request"):
        properties.pop("organization", None)  # of operators alone: it is the caller's own for everybody else
    return {key: make_example(each, components, name=key, owner=owner) for key, each in properties.items()}


def _make_value(schema: Schema, name: str, owner: str) -> Any:
    types = schema.get("type") or ["string"]
    types = [types] if isinstance(types, str) else types
    kind = owner.removeprefix("Patched").removesuffix("Request")
    if f"{kind}.{name}" in NAMED:
        return NAMED[f"{kind}.{name}"]
    if "default" in schema:
        return schema["default"]
    for value in VALUES.get(name, []):
        if isinstance(value, {"string": str, "integer": int}.get(types[0], object)):
            return value
    if "null" in types:
        return None
    return FORMATS.get(schema.get("format", ""), _bound(PLAIN[types[0]], schema))


def _bound(value: Any, schema: Schema) -> Any:
    """The value within the schema's bounds, where it has any."""
    if isinstance(value, str):
        return value or "text"[: schema.get("maxLength", 4)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return min(max(value, schema.get("minimum", value)), schema.get("maximum", value))
    return value
