"""The room of what leaves the house. Its label is `reach`: `messages` is Django's own."""

from django.apps import AppConfig


class ReachConfig(AppConfig):
    name = "clientline.reach"
    label = "reach"

    def ready(self):
        # What is imported here registers its jobs, rounds, receivers and figures.
        from clientline.reach import queue, upkeep  # noqa: F401
        from clientline.reach.files import reading, writing  # noqa: F401
        from clientline.reach.guests import forgetting  # noqa: F401
        from clientline.reach.guests import sending as sending_codes  # noqa: F401
        from clientline.reach.messages import figures, opting_out, planning, receipts  # noqa: F401
        from clientline.reach.messages import forgetting as forgetting_messages  # noqa: F401
        from clientline.reach.messages.delivery import sending  # noqa: F401
        from clientline.reach.passwords import resetting  # noqa: F401
        from clientline.reach.webhooks import receivers, switchboard, telling  # noqa: F401
