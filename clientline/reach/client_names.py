"""Names of clients as they are read: “Weber, Kim” is Kim Weber."""


def find_first_name(name: str) -> str:
    """The first word of the given names; '' of a name without a word."""
    family, comma, given = name.partition(",")
    return next(iter((given if comma and given.strip() else family).split()), "")


def put_family_last(name: str) -> str:
    """The name with its family name behind the others."""
    family, comma, given = name.partition(",")
    return f"{given} {family}" if comma else name
