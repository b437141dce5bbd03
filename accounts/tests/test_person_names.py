from accounts.models import User
from accounts.person_names import find_first_name, put_family_last, put_given_first

# As written: as it is said, the first of the given names, and with the family last.
NAMES = {
    "Weber, Kim": ("Kim Weber", "Kim", "Kim Weber"),
    "  Weber ,\tKim\nLea ": ("Kim Lea Weber", "Kim", "Kim Lea Weber"),
    "Cher": ("Cher", "Cher", "Cher"),
    # Suffixes and titles, which some lists put between two commas more.
    "Weber, Kim, Jr.": ("Kim Weber, Jr.", "Kim", "Kim Weber"),
    "Kim Weber, Jr.": ("Kim Weber, Jr.", "Kim", "Kim Weber"),
    "Weber, Jr.": ("Weber, Jr.", "Weber", "Weber"),
    "Smith, John Jr.": ("John Smith Jr.", "John", "John Smith"),
    "Smith, John III": ("John Smith III", "John", "John Smith"),
    "Weber, Dr. Kim": ("Dr. Kim Weber", "Kim", "Dr. Kim Weber"),
    "Weber, Kim, Dr. med.": ("Dr. med. Kim Weber", "Kim", "Dr. med. Kim Weber"),
    "Prof. Dr. h.c. Kim Weber": ("Prof. Dr. h.c. Kim Weber", "Kim", "Prof. Dr. h.c. Kim Weber"),
    "Weber, Dr.": ("Dr. Weber", "Dr.", "Dr. Weber"),
    "Dr. Weber, Jr.": ("Dr. Weber, Jr.", "Dr.", "Dr. Weber"),
    "Phil Collins": ("Phil Collins", "Phil", "Phil Collins"),
    # Of several words.
    "van der Berg, Anna": ("Anna van der Berg", "Anna", "Anna van der Berg"),
    "Berg, Anna van der": ("Anna van der Berg", "Anna", "Anna van der Berg"),
    "Weber, Kim & Lea": ("Kim & Lea Weber", "Kim", "Kim & Lea Weber"),
    # Names that look like suffixes and legal forms.
    "Rahman, Md": ("Md Rahman", "Md", "Md Rahman"),
    "Rahman, MD": ("Rahman, MD", "Rahman", "Rahman"),
    "Sa, Kim": ("Kim Sa", "Kim", "Kim Sa"),
    "Ag, Ulla": ("Ulla Ag", "Ulla", "Ulla Ag"),
    # Firms, and more commas than anybody can read.
    "Weber, Kim & Partner GbR": ("Weber, Kim & Partner GbR", "Weber", "Kim & Partner GbR Weber"),
    "Stone GmbH, Berlin": ("Stone GmbH, Berlin", "Stone", "Berlin Stone GmbH"),
    "Stone, SA": ("Stone, SA", "Stone", "SA Stone"),
    "Weber, Kim, Berlin": ("Weber, Kim, Berlin", "Weber", "Kim, Berlin Weber"),
    # Commas without anything.
    "Weber,": ("Weber", "Weber", "Weber"),
    "Weber, , Kim": ("Kim Weber", "Kim", "Kim Weber"),
    ", Kim": ("Kim", "Kim", "Kim"),
    " , ": ("", "", ""),
    "": ("", "", ""),
}


def test_names_are_read_as_they_are_said():
    read = {name: (put_given_first(name), find_first_name(name), put_family_last(name)) for name in NAMES}
    assert read == NAMES


def test_a_name_is_turned_once():
    for said, *_ in NAMES.values():
        assert put_given_first(said) == said


BROKEN = "Ada\r\nvon\u2028\nStone\n"


def test_a_name_is_stored_on_one_line_by_every_door(salon, api):
    home, person = salon.organization, salon.client
    person.name = BROKEN
    person.save(update_fields=["name"])
    assert person.name == "Ada von Stone"
    one, two = (User(organization=home, role="client", name=BROKEN, email=f"{each}@example.com") for each in "ab")
    User.objects.bulk_create([one])
    two.save()
    User.objects.filter(pk=salon.stranger.pk).update(name=BROKEN)
    row = api(salon.manager).post("/users", {"name": BROKEN, "role": "client", "email": "c@example.com"}).json()
    people = [person.pk, one.pk, two.pk, salon.stranger.pk, row["id"]]
    assert list(User.objects.filter(pk__in=people).values_list("name", flat=True)) == ["Ada von Stone"] * 5
    assert row["name"] == "Ada von Stone"


def test_services_and_organizations_have_names_of_one_line(salon):
    for row in (salon.service, salon.organization):
        row.name = BROKEN
        row.save(update_fields=["name"])
        row.refresh_from_db()
        assert row.name == "Ada von Stone"
