from clientline.reach.tests.mailbox import mailbox  # noqa: F401
from clientline.reach.tests.visits import book  # noqa: F401
