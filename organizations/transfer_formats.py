"""What the two formats of an organization's file call themselves, and what the former lacks."""

from psycopg.sql import SQL

FORMAT = "ClientLine organization, 2"
# What files of the first format, which version 0.1 wrote, do not have: `_fill_what_was_added` does.
FORMER = "ClientLine organization, 1"
ADDED = {
    "organizations": {
        "bookkeeping_accounts",
        "cancellation_grace",
        "country",
        "datev_client",
        "datev_consultant",
        "fiscal_year_starts",
        "language",
        "region",
        "tax_number",
        "visits_to_rezone",
        "zone_rules",
        "max_visits_ahead",
        "team_calendar",
        "forget_after_months",
        "slug",
        "guest_page",
        "brand_color",
        "embed_origins",
        "booking_terms",
        "privacy_notice",
        "confirms_visits",
        "reminds_clients",
    },
    "appointments": {
        "arrived_at",
        "calendar_uid",
        "cancellation_grace",
        "cancelled_on_behalf_of",
        "group",
        "in_service_at",
        "local_start",
        "sequence",
        "stranded",
        "stranded_by",
        "tax_rate",
    },
    "payments": {
        "former_number",
        "given_up_at",
        "instead_of_id",
        "receipt_number",
        "rounding",
        "tip",
        "void_reason",
        "voided_at",
        "voided_by_id",
    },
    "refunds": {"automatic", "receipt_number", "rounding", "tip"},
    "services": {"tax_rate", "bookable_online"},
    "time_off": {"whole_days", "from_date", "to_date"},
    "tokens": {"scope", "last_used_address"},
    "users": {
        "contact_email",
        "phone_e164",
        "birthday",
        "client_notes",
        "is_flagged",
        "language",
        "marketing_consent_at",
        "external_source",
        "external_id",
        "merged_into_id",
        "works_until",
        "bookable_online",
    },
    "working_hours": {"every_second_week", "valid_from", "valid_until"},
}
ADDED_TABLES = {
    "guest_logos",
    "manage_links",
    "calendar_feeds",
    "message_rules",
    "message_texts",
    "messages",
    "receipt_counters",
    "reminder_opt_outs",
    "webhook_endpoints",
}
# Columns that could be null in the first format, and what the migrations put there.
FILLED = {("tokens", "expires_at"): SQL("coalesce({}, now() + make_interval(days => 365))")}
