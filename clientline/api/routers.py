"""Routes whose ids are numbers, without format suffixes and without an index: `/` is the health check."""

from rest_framework.routers import SimpleRouter

from clientline.database.prepared import stand_for_any_caller


class Router(SimpleRouter):
    def __init__(self):
        super().__init__(trailing_slash=False, use_regex_path=False)

    def prepare_reads(self):
        """Make what the resources need to be read, as far as it does not depend on who asks for what."""
        somebody = stand_for_any_caller("admin", is_superuser=False, sees_team=False)
        for _, view_class, _ in self.registry:
            view_class.prepare_reads(somebody)
