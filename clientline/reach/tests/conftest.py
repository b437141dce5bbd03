from clientline.reach.tests.mailbox import mail_server, mailbox  # noqa: F401
from clientline.reach.tests.providers import postmark, twilio  # noqa: F401
from clientline.reach.tests.visits import book, by_sms  # noqa: F401
