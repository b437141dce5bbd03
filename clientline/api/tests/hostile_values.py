"""For each field of each body, what it cannot take: other types, other forms, and numbers beyond all bounds."""

TEXT = [1, True, None, [], {}, 1.5]
NAME = [*TEXT, "", " ", "x" * 201]
EMAIL = [
    *TEXT,
    "",
    "x",
    "a@b",
    "a b@example.com",
    "@example.com",
    "a@example.com\nBcc: b@example.com",
    "x" * 250 + "@b.de",
]
FLAG = ["true", "false", 1, 0, None, "", [], "on"]
WHOLE = ["5", 1.5, 30.0, True, [], {}, "", -1, 2**31, 2**63, 10**30]
PERCENT = ["1e1", "NaN", "-0.01", "100.01", "0.001", True, [], "", "Infinity"]
MONEY = [
    "1e2",
    "NaN",
    "sNaN",
    "Infinity",
    "-1.00",
    "1.001",
    "100000000.00",
    "",
    "1,00",
    "0x1",
    "１",
    "1_0",
    True,
    [],
    {},
]
INSTANT = [
    "2026-12-01T09:00:00",
    "2026-12-01",
    "2026-W49-2T09:00:00+01:00",
    "20261201T090000Z",
    "2026-12-01 09:00:00+01:00",
    "2026-335T09:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59",
    "1999-12-31T23:59:59Z",
    "2100-01-01T00:00:00Z",
    "2000-01-01T00:00:00+00:01",
    "2026-02-30T09:00:00Z",
    "2026-12-01T24:00:00Z",
    "2026-12-01T09:00:60Z",
    "2026-12-01T09:00:00+99:99",
    "2026-12-01T09:00:00.1234567Z",
    "２０２６-12-01T09:00:00Z",
    "now",
    "",
    1764579600,
    True,
    None,
    [],
    {},
]
DATE = [
    "2026-W49-2",
    "20261201",
    "01.12.2026",
    "2026-12-01T00:00:00Z",
    "9999-12-31",
    "1999-12-31",
    "2026-02-30",
    1,
    None,
]
CLOCK = ["9:00", "09:00:00", "24:00", "25:00", "09:60", "09:00Z", "0900", "T09:00", "", 9, True, []]
CHOICE = ["owner", "ADMIN", " admin", "", 1, True, None, [], {}, "x" * 100_000]
REFERENCE = ["7", 1.0, 1.5, True, [], {}, "", 0, -1, 2**63 - 1, 2**63, 10**30]
REFERENCES = [
    1,
    "7",
    [True],
    ["7"],
    [1.5],
    [None],
    [0],
    [-1],
    [2**63],
    [[1]],
    [{}],
    {"a": 1},
    None,
    list(range(1, 1002)),
]
HOURS = {"staff": [*REFERENCE, None], "starts": CLOCK, "ends": CLOCK}

HOSTILE = {
    "/organizations/{organization}": {
        "name": NAME,
        "email": EMAIL,
        "phone": [*TEXT, "1" * 41],
        "address": TEXT,
        "timezone": [
            *TEXT,
            "",
            "foo5",
            "UTC+1",
            "europe/berlin",
            "posix/UTC",
            "localtime",
            "../../etc/passwd",
            "Factory",
        ],
        "currency": [*TEXT, "", "eur", "EURO", "XXXX", "ABC"],
        "country": [*TEXT, "de", "DEU", "XX", "D", "ÖÖ", None],
        "region": [*TEXT, "1" * 61, None],
        "language": [*TEXT, "EN", "xx", "english", "en_GB", None],
        "coming_visits": [*TEXT, "", "keep", "KEEP_LOCAL", None],
        "slot_interval": [*WHOLE, 4, 721, None],
        "min_notice": [*WHOLE, None],
        "max_advance_days": [*WHOLE, 0, 1096, None],
        "cancellation_notice": [*WHOLE, None],
        "late_cancellation_fee": [*PERCENT, None],
        "no_show_fee": [*PERCENT, None],
    },
    "/users/{client}": {
        "name": NAME,
        "email": EMAIL,
        "phone": [*TEXT, "1" * 41],
        "role": CHOICE,
        "is_active": FLAG,
        "password": [1, True, None, [], {}, "", "x" * 129],
    },
    "/services/{service}": {
        "name": NAME,
        "description": TEXT,
        "duration": [*WHOLE, 0, 1441],
        "price": MONEY,
        "buffer_before": [*WHOLE, 721, None],
        "buffer_after": [*WHOLE, 721, None],
        "staff": REFERENCES,
        "is_active": FLAG,
    },
    "/working-hours/{working_hours}": HOURS | {"weekday": ["0", 1.0, True, -1, 7, None, []], "starts": [*CLOCK, None]},
    "/special-hours/{special_hours}": HOURS | {"date": DATE},
    "/time-off/{time_off}": {
        "staff": REFERENCE,
        "starts_at": INSTANT,
        "ends_at": INSTANT,
        "reason": [*TEXT, "x" * 201],
    },
    "/appointments/{visit}": {"notes": TEXT, "internal_notes": TEXT},
}
HOSTILE_NEW = {
    "/appointments": (
        {"client": "client", "staff": "staff", "service": "service", "appointment_date": "2026-05-01T09:00:00Z"},
        {
            "client": [*REFERENCE, None],
            "staff": [*REFERENCE, None],
            "service": [*REFERENCE, None],
            "appointment_date": [*INSTANT, "2026-05-01T09:00:01Z", "2026-05-01T09:00:00.5Z", "2099-12-31T23:59:00Z"],
            "duration": [*WHOLE, 0, 1441, None],
            "price": [*MONEY, None],
            "notes": TEXT,
            "internal_notes": TEXT,
        },
    ),
    "/payments": (
        {"appointment": "visit", "amount": "1.00", "allow_overpayment": True},
        {
            "appointment": [*REFERENCE, None],
            "amount": [*MONEY, None, "0", "0.00", 0, "-0.01", "0.001"],
            "payment_method": ["shells", "CARD", 1, None, [], {}],
            "status": ["refunded", "failed", "completed", "", 1, None, []],
            "allow_overpayment": FLAG,
        },
    ),
    "/auth/tokens": (
        {"name": "x"},
        {"name": [*TEXT, "", " ", "x" * 101], "expires_at": [*INSTANT[:-4], "2000-01-02T00:00:00Z"]},
    ),
    "/auth/password": (
        {"current_password": "correct-horse-battery", "new_password": "a-new-password-1"},
        {"current_password": [*TEXT, "", "wrong", "x" * 129], "new_password": [*TEXT, "", "short", "x" * 129]},
    ),
}
