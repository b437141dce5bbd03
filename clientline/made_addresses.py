"""Sign-in addresses of clients who have none: made up, because the column is unique and never empty.

Nobody is told them: answers, pages and files show "" in their place, and no mail is ever sent there.
"""

from collections.abc import Iterator
from itertools import count
from uuid import uuid4

# RFC 2606 keeps the domain `invalid` from ever existing, so what is sent there by mistake reaches nobody.
DOMAIN = "client.invalid"
SUFFIX = f"@{DOMAIN}"
MAKE_SQL = f"gen_random_uuid() || '{SUFFIX}'"  # the same for statements that write many rows


def make_address() -> str:
    return f"{uuid4()}{SUFFIX}"


def make_addresses() -> Iterator[str]:
    """As many as are wanted, in an order in which an index takes them quickly: the first part alone is drawn."""
    drawn = uuid4()
    return (f"{drawn}-{number:07}{SUFFIX}" for number in count())


def is_made(address: str) -> bool:
    return address.endswith(SUFFIX)


def show_address(address: str) -> str:
    """What may be told of a sign-in address: '' for one that was made."""
    return "" if is_made(address) else address
