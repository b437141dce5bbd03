"""ClientLine's own words to clients, by language, kind and channel. Organizations may have others."""

# Subjects say neither what nor what happened: they are read on locked screens, and Exchange names the visit by them.
SUBJECTS = {"en": "Your visit at {organization}", "de": "Ihr Termin bei {organization}"}
CODE_SUBJECTS = {"en": "Your code for {organization}", "de": "Ihr Code für {organization}"}

ENDING = "{receipt}\n\n{organization}\n{address}\n{phone}\n\n{link}"
FACTS = {
    "en": "{service}\n{day}, {time}–{end}\nwith {staff}\n\n" + ENDING,
    "de": "{service}\n{day}, {time}–{end} Uhr\nbei {staff}\n\n" + ENDING,
}
OPENINGS = {
    "en": {
        "confirmation": "Hello {client},\n\nyour visit is booked:",
        "moved": "Hello {client},\n\nyour visit has changed. It is now:",
        "cancelled": "Hello {client},\n\nthis visit is cancelled:",
        "reminder": "Hello {client},\n\nwe look forward to your visit:",
        "receipt": "Hello {client},\n\nhere is your receipt for this visit:",
    },
    "de": {
        "confirmation": "Guten Tag {client},\n\nIhr Termin ist gebucht:",
        "moved": "Guten Tag {client},\n\nIhr Termin hat sich geändert. Er ist nun:",
        "cancelled": "Guten Tag {client},\n\ndieser Termin ist abgesagt:",
        "reminder": "Guten Tag {client},\n\nwir freuen uns auf Ihren Besuch:",
        "receipt": "Guten Tag {client},\n\nhier ist Ihr Beleg zu diesem Termin:",
    },
}
# The lines of a receipt, each with what `receipts` fills in; `cash`, `card` and `online` are methods of payment.
RECEIPT_LINES = {
    "en": {
        "number": "Receipt {number}, {day}",
        "price": "Price: {amount}",
        "tip": "Tip: {amount}",
        "rounding": "Rounded by: {amount}",
        "received": "Received: {amount}",
        "refunded": "Refunded: {amount}, of receipt {number}",
        "cash": "Paid in cash",
        "card": "Paid by card",
        "online": "Paid online",
        "tax": "Net {net}, tax at {rate} {tax}",
        "tax_number": "Tax number {number}",
    },
    "de": {
        "number": "Beleg {number}, {day}",
        "price": "Preis: {amount}",
        "tip": "Trinkgeld: {amount}",
        "rounding": "Gerundet um: {amount}",
        "received": "Erhalten: {amount}",
        "refunded": "Erstattet: {amount}, von Beleg {number}",
        "cash": "Bar bezahlt",
        "card": "Mit Karte bezahlt",
        "online": "Online bezahlt",
        "tax": "Netto {net}, {rate} Steuer {tax}",
        "tax_number": "Steuernummer {number}",
    },
}
CODES = {
    "en": "{code} is your code for {organization}.\n\nIf you did not ask for it, you need do nothing.",
    "de": "{code} ist Ihr Code für {organization}.\n\nHaben Sie keinen angefordert, brauchen Sie nichts zu tun.",
}
TEXTS = {
    "en": {
        "confirmation": "{organization}: booked for {day}, {time}. {phone}",
        "moved": "{organization}: your visit is now on {day}, {time}. {phone}",
        "cancelled": "{organization}: your visit on {day}, {time} is cancelled. {phone}",
        "reminder": "{organization}: your visit is on {day}, {time}. {phone}",
        "receipt": "{organization}: {receipt}",
        "code": "{code} is your code for {organization}.",
    },
    "de": {
        "confirmation": "{organization}: gebucht für {day}, {time} Uhr. {phone}",
        "moved": "{organization}: Ihr Termin ist nun am {day}, {time} Uhr. {phone}",
        "cancelled": "{organization}: Ihr Termin am {day}, {time} Uhr ist abgesagt. {phone}",
        "reminder": "{organization}: Ihr Termin ist am {day}, {time} Uhr. {phone}",
        "receipt": "{organization}: {receipt}",
        "code": "{code} ist Ihr Code für {organization}.",
    },
}
UNSUBSCRIBE = {
    "en": "No reminders any more: {address}",
    "de": "Keine Erinnerungen mehr: {address}",
}


def find_wording(kind: str, channel: str, language: str) -> tuple[str, str]:
    """Subject (empty of an SMS) and body of a kind; the language is one that is offered."""
    if channel == "sms":
        return "", TEXTS[language][kind]
    if kind == "code":
        return CODE_SUBJECTS[language], CODES[language]
    return SUBJECTS[language], f"{OPENINGS[language][kind]}\n\n{FACTS[language]}"
