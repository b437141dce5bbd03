"""What modules below `organizations.tenancy` have to know of the walls between organizations."""


def unconfined(view):
    """Mark a view that runs outside the request's transaction, as the owner: it confines itself, or need not."""
    view.unconfined = True
    return view


def before_enrolment(view, is_open=True):
    """Mark a view that answers operators also before they have set up the second factor that is wanted of them.

    Of views without a mark, those that are unconfined do.
    """
    view.before_enrolment = is_open
    return view


def after_enrolment(view):
    """Mark a view that does not, though it is unconfined."""
    return before_enrolment(view, is_open=False)


def open_to_any_token(view):
    """Mark a view whose changes even a token may make that is for reading."""
    view.open_to_any_token = True
    return view


def public(view):
    """Mark a view that does not ask who calls: it is answered even without a database, and however often."""
    view.unconfined = view.public = True
    return view
