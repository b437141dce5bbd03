"""What modules below `organizations.tenancy` have to know of the walls between organizations."""


def unconfined(view):
    """Mark a view that runs outside the request's transaction, as the owner: it confines itself, or need not."""
    view.unconfined = True
    return view
