"""Why an organization does not move, in a sentence."""


class MoveRefused(Exception):
    """Nothing was changed, or what was begun can be gone on with: the sentence says which."""
