"""Client files in the layouts of other products, small and without real people, with who is in them."""

from datetime import date

from accounts.client_files.entries import Entry

APRIL = date(1990, 4, 15)

SQUARE = b"""\
Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Birthday,Memo,Square Customer ID,\
Email Subscription Status,Blocked from online booking
,Ada,Stone,ADA@example.com,'+1 202-555-0101,,,1990-04-15,Likes tea,SQ1,subscribed,
,Ben,Stone,ada@example.com,,,,,,SQ2,unsubscribed,Yes
"""
FRESHA = b"""\
Client ID,First Name,Last Name,Full Name,Gender,Mobile Number,Telephone,Email,Accepts Marketing,Date of Birth,Note,\
Blocked,Block Reason
17,Ada,Stone,Ada Stone,,+44 7700 900101,020 7946 0101,ada@example.com,Yes,1990-04-15,Likes tea,No,
18,Ben,Stone,Ben Stone,,,,,No,,,Yes,Never came
"""
VAGARO = b"""\
Name,Email,Mobile,Day,Night,Birthdate,Customer Note
"Stone, Ada",ada@example.com,(202) 555-0101,202-555-0102,,4/15/1990,Likes tea
Ben Stone,,,,202-555-0103,,
"""
ACUITY = b"""\
First Name,Last Name,Phone,Email,Notes
Ada,Stone,'+12025550101,ada@example.com,Likes tea
"""
CALENDLY = b"""\
Team,Event Type Name,Invitee Name,Invitee First Name,Invitee Last Name,Invitee Email,Text Reminder Number,Start Date
,Trial lesson,Ada Stone,,,ada@example.com,+1 202-555-0101,2026-03-02
,Lesson,Ada Stone,,,ada@example.com,+1 202-555-0101,2026-03-09
,Lesson,,Ben,Stone,ben@example.com,,2026-03-09
"""
GOOGLE = b"""\
First Name,Middle Name,Last Name,Phonetic First Name,Nickname,Birthday,Notes,E-mail 1 - Label,E-mail 1 - Value,\
E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value
Ada,M.,Stone,,,1990-04-15,Likes tea,* Home,ada@example.com ::: stone@example.com,,,Mobile,+1 202-555-0101 ::: \
+1 202-555-0102,,
Ben,,Stone,,,--04-15,,,,,,,,,
"""
GOOGLE_OLDER = b"""\
Name,Given Name,Additional Name,Family Name,Yomi Name,Birthday,Notes,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,\
Phone 1 - Value
Ada Stone,Ada,,Stone,,1990-04-15,Likes tea,* ,ada@example.com,Mobile,+1 202-555-0101
"""
OUTLOOK = (
    "Title,First Name,Middle Name,Last Name,Company,Home Phone,Business Phone,Mobile Phone,Primary Phone,Birthday,"
    "E-mail Address,E-mail Type,E-mail Display Name,Notes\r\n"
    ",Zoë,,Stone,,202-555-0103,202-555-0104,,,15.4.1990,ada@example.com,SMTP,Zoë Stone (ada@example.com),Tea\r\n"
    ",Ben,,Stone,,,,,,0/0/00,,,,\r\n"
).encode("cp1252")
THUNDERBIRD = b"""\
First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Work Phone,Home Phone,Fax Number,Mobile Number
,,Ada Stone,,ada@example.com,stone@example.com,202-555-0104,,,
"""
VCARD_3 = b"""\
BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada Stone\r\nN:Stone;Ada;;;\r\nEMAIL;TYPE=INTERNET:ada@example.com\r\n\
TEL;TYPE=HOME:202-555-0103\r\nTEL;TYPE=CELL,VOICE:+1 202-555-0101\r\nBDAY:1990-04-15\r\n\
NOTE:Likes\\, a\r\n  lot\\, tea\r\nUID:card-1\r\nEND:VCARD\r\n"""
VCARD_4 = b"""\
BEGIN:VCARD\nVERSION:4.0\nFN:Ada Stone\nEMAIL:ada@example.com\nTEL;VALUE=uri;TYPE="cell,voice":tel:+1-202-555-0101\n\
BDAY:--0415\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:Ben Stone\nBDAY:19900415\nEND:VCARD\n"""
GERMAN = (
    "sep=;\r\nKundenliste 2026\r\n;;;;\r\n"
    "Kundennummer;Nachname;Vorname;Geburtsdatum;Handy;Telefon privat;E-Mail-Adresse;Bemerkungen\r\n"
    '17;Groß;Zoë;15.04.90;0170 5500003;030 5500004;zoe@example.com;"Trinkt; Tee"\r\n'
).encode("cp1252")

ada = Entry(2, "Ada Stone", "ada@example.com", "+1 202-555-0101", APRIL, "Likes tea")
LAYOUTS = {
    "Square": (
        SQUARE,
        [
            Entry(
                2, "Ada Stone", "ada@example.com", "+1 202-555-0101", APRIL,
                "Likes tea", "", True, False, "square", "SQ1",
            ),
            Entry(3, "Ben Stone", "ada@example.com", "", None, "Blocked", "", False, True, "square", "SQ2"),
        ],
    ),
    "Fresha": (
        FRESHA,
        [
            Entry(
                2, "Ada Stone", "ada@example.com", "+44 7700 900101", APRIL,
                "Likes tea\nTelephone: 020 7946 0101", "", True, False, "fresha", "17",
            ),
            Entry(3, "Ben Stone", "", "", None, "Blocked: Never came", "", False, True, "fresha", "18"),
        ],
    ),
    "Vagaro": (
        VAGARO,
        [
            Entry(2, "Ada Stone", "ada@example.com", "(202) 555-0101", APRIL, "Likes tea\nDay: 202-555-0102"),
            Entry(3, "Ben Stone", "", "202-555-0103"),
        ],
    ),
    "Acuity": (ACUITY, [Entry(2, "Ada Stone", "ada@example.com", "+12025550101", None, "Likes tea")]),
    "Calendly": (
        CALENDLY,
        [
            Entry(2, "Ada Stone", "ada@example.com", "+1 202-555-0101"),
            Entry(3, "Ada Stone", "ada@example.com", "+1 202-555-0101"),
            Entry(4, "Ben Stone", "ben@example.com"),
        ],
    ),
    "Google": (
        GOOGLE,
        [
            Entry(
                2, "Ada M. Stone", "ada@example.com", "+1 202-555-0101", APRIL,
                "Likes tea\nE-mail: stone@example.com\nPhone 1 - Value: +1 202-555-0102",
            ),
            Entry(3, "Ben Stone", notes="Birthday: 15-04 (day and month)"),
        ],
    ),
    "Google, older": (GOOGLE_OLDER, [ada]),
    "Outlook": (
        OUTLOOK,
        [
            Entry(2, "Zoë Stone", "ada@example.com", "202-555-0103", APRIL, "Tea\nBusiness Phone: 202-555-0104"),
            Entry(3, "Ben Stone"),
        ],
    ),
    "Thunderbird": (
        THUNDERBIRD,
        [Entry(2, "Ada Stone", "ada@example.com", "202-555-0104", None, "E-mail: stone@example.com")],
    ),
    "vCard 3": (
        VCARD_3,
        [
            Entry(
                1, "Ada Stone", "ada@example.com", "+1 202-555-0101", APRIL,
                "Likes, a lot, tea\nHome phone: 202-555-0103", "", False, False, "vcard", "card-1",
            )
        ],
    ),
    "vCard 4": (
        VCARD_4,
        [
            Entry(1, "Ada Stone", "ada@example.com", "+1-202-555-0101", None, "Birthday: 15-04 (day and month)"),
            Entry(8, "Ben Stone", "", "", APRIL),
        ],
    ),
    "a German list": (
        GERMAN,
        [
            Entry(
                5, "Zoë Groß", "zoe@example.com", "0170 5500003", APRIL,
                "Trinkt; Tee\nTelefon privat: 030 5500004", "", False, False, "file", "17",
            )
        ],
    ),
}  # fmt: skip
