"""A telephone number has one form, however it was typed; letters and strangers' digits never get into it."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from clientline import telephones
from clientline.telephones import Telephone, keep_digits, read_telephone, write_e164


def test_spellings_of_one_number_have_one_form():
    numbers = {
        ("0170 5500003", "DE"): "+491705500003",
        ("+49 (0)170 / 550 00 03", "DE"): "+491705500003",
        ("0049-170-5500003", "DE"): "+491705500003",
        ("0170.5500003", "DE"): "+491705500003",
        ("'+491705500003", ""): "+491705500003",
        ("Tel.: 030/123456", "DE"): "+4930123456",
        ("Mobil 0170 5500003", "DE"): "+491705500003",
        ("06 1234567", "IT"): "+39061234567",  # there the 0 is a part of the number
        ("8 912 345-67-89", "RU"): "+79123456789",
        ("(415) 555-2671", "US"): "+14155552671",
        ("٠١٧٠ ٥٥٠٠٠٠٣", "DE"): "+491705500003",
        ("0170 5500003", ""): "",  # whose country is not known
        ("5500003", "DE"): "",  # of one's own town, which is not 05500
        ("441234", "DE"): "",
        ("030 5500003", "DE"): "+49305500003",
        ("1705500003", "DE"): "+491705500003",  # a spreadsheet took the 0
        ("123456789", "FR"): "+33123456789",
        ("212 555 0123", "US"): "+12125550123",
        ("02 1234567", "IT"): "+39021234567",
        ("110", "DE"): "",
        ("4.91701E+11", "DE"): "",  # what a spreadsheet left of a number
        ("ask Eva", "AT"): "",
        ("", "DE"): "",
        ("0" * 300, "DE"): "",
    }
    assert {typed: write_e164(*typed) for typed in numbers} == numbers


def test_letters_further_numbers_and_extensions_stay_out_of_it():
    numbers = {
        ("+43 664 1234567 Eva", "AT"): Telephone("+436641234567", rest="Eva"),
        ("030/123456 App. 12", "DE"): Telephone("+4930123456", extension="12"),
        ("+49 30 123456 ext 12 Mo-Fr", "DE"): Telephone("+4930123456", extension="12", rest="Mo-Fr"),
        ("0170 5500003 / 030 1234567", "DE"): Telephone("+491705500003", rest="030 1234567"),
        ("0170 5500003 oder 030 1234567", "DE"): Telephone("+491705500003", rest="030 1234567"),
        ("0170 5500003; 030 1234567, 030 7654321", "DE"): Telephone("+491705500003", rest="030 1234567, 030 7654321"),
    }
    assert {typed: read_telephone(*typed) for typed in numbers} == numbers


def test_a_number_with_an_extension_takes_no_messages():
    assert read_telephone("0170 5500003", "DE").takes_messages
    assert not read_telephone("030/123456 App. 12", "DE").takes_messages
    assert not Telephone().takes_messages


def test_digits_are_told_in_ascii():
    assert keep_digits("+49 ١٢٣-x") == "49123"


# A number as it is printed in each country, and what may stand behind its code.
BEHIND_THE_CODE = ("", " ", " (0)", " 0", " 1", " 8", "-", " 06", " 15", " 9")


@pytest.mark.sweep
@pytest.mark.parametrize("kind", [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE])
def test_what_is_taken_as_it_stands_is_what_phonenumbers_reads(kind, share, everything):
    taken = read = 0
    for region in share(sorted(phonenumbers.SUPPORTED_REGIONS)[:: 1 if everything else 4]):
        example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
        digits = str(example.national_number)
        for behind in BEHIND_THE_CODE:
            for national in (digits, digits[:-1], f"{digits}3", digits[::-1], f"{digits[:3]} {digits[3:]}"):
                text = f"+{example.country_code}{behind}{national}"
                taken += bool(telephones._take_as_it_stands(text, "DE"))
                read += bool(found := write_e164(text, "DE"))
                assert found == read_by_library(text), text
    assert read > taken > 100


@pytest.mark.parametrize("kind", [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.VOIP])
def test_what_is_taken_behind_its_0_is_what_phonenumbers_reads_in_the_country(kind, everything):
    taken = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)[:: 1 if everything else 2]:
        example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
        digits = str(example.national_number)
        for national in (digits, digits[:-1], f"{digits}3", digits[::-1], f"{digits[:3]} {digits[3:]}", f"1{digits}"):
            text = f"0{national}"
            if number := telephones._take_as_it_stands(text, region):
                taken += 1
                assert number == read_by_library(text, region), (text, region)
    assert taken > 50


def read_by_library(text, country="DE"):
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
