"""ClientLine's own words to clients, by language, kind and channel. Organizations may have others."""

# Subjects say neither what nor what happened: they are read on locked screens, and Exchange names the visit by them.
SUBJECTS = {"en": "Your visit at {organization}", "de": "Ihr Termin bei {organization}"}
CODE_SUBJECTS = {"en": "Your code for {organization}", "de": "Ihr Code für {organization}"}

FACTS = {
    "en": "{service}\n{day}, {time}–{end}\nwith {staff}\n\n{organization}\n{address}\n{phone}\n\n{link}",
    "de": "{service}\n{day}, {time}–{end} Uhr\nbei {staff}\n\n{organization}\n{address}\n{phone}\n\n{link}",
}
OPENINGS = {
    "en": {
        "confirmation": "Hello {client},\n\nyour visit is booked:",
        "moved": "Hello {client},\n\nyour visit has changed. It is now:",
        "cancelled": "Hello {client},\n\nthis visit is cancelled:",
        "reminder": "Hello {client},\n\nwe look forward to your visit:",
        "receipt": "Hello {client},\n\nthank you for your payment for this visit:",
    },
    "de": {
        "confirmation": "Guten Tag {client},\n\nIhr Termin ist gebucht:",
        "moved": "Guten Tag {client},\n\nIhr Termin hat sich geändert. Er ist nun:",
        "cancelled": "Guten Tag {client},\n\ndieser Termin ist abgesagt:",
        "reminder": "Guten Tag {client},\n\nwir freuen uns auf Ihren Besuch:",
        "receipt": "Guten Tag {client},\n\nvielen Dank für Ihre Zahlung für diesen Termin:",
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
        "receipt": "{organization}: thank you for your payment.",
        "code": "{code} is your code for {organization}.",
    },
    "de": {
        "confirmation": "{organization}: gebucht für {day}, {time} Uhr. {phone}",
        "moved": "{organization}: Ihr Termin ist nun am {day}, {time} Uhr. {phone}",
        "cancelled": "{organization}: Ihr Termin am {day}, {time} Uhr ist abgesagt. {phone}",
        "reminder": "{organization}: Ihr Termin ist am {day}, {time} Uhr. {phone}",
        "receipt": "{organization}: vielen Dank für Ihre Zahlung.",
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
