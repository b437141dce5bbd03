"""The admin site as staff meet it: its own pages beside Django's, and a sidebar grouped by task."""

import secrets
from functools import partial

from django.urls import path

from accounts.site import AccountSite
from clientline.backoffice import list_files, look, search
from clientline.backoffice.appointments import visit_import
from clientline.backoffice.calendar import (
    day_people,
    dropping,
    holidays,
    live,
    rezoning,
    sheets,
    today,
    unclosed,
    week,
    week_hours,
)
from clientline.backoffice.money import owing, reports
from clientline.backoffice.once import do_once
from clientline.backoffice.people import client_import
from clientline.backoffice.platform import acting, forgotten, online_booking
from clientline.backoffice.sidebar import describe_sidebar
from clientline.languages import OFFERED
from clientline.web.marks import unconfined
from organizations import audit, replica


class BackOfficeSite(AccountSite):
    def get_urls(self):
        pages = [
            path("act/<int:organization_id>/", self.admin_view(acting.act), name="act"),
            path("leave/", self.admin_view(acting.leave), name="leave"),
            path("files/<uuid:key>/", self.admin_view(list_files.list_file_view), name="list_file"),
            path(
                "files/<uuid:key>/download/",
                self.admin_view(list_files.list_file_download_view),
                name="list_file_download",
            ),
            path("online-booking/", self.admin_view(online_booking.online_booking_view), name="online_booking"),
            path("forgotten/", unconfined(partial(forgotten.forgotten_view, self)), name="forgotten"),
            path(
                "forgotten/<str:secret>/", unconfined(partial(forgotten.new_password_view, self)), name="new_password"
            ),
            path("look/", self.admin_view(partial(look.look_view, self)), name="look"),
            path("rezoning/", self.admin_view(rezoning.rezoning_view), name="rezoning"),
            path("search/", self.admin_view(search.search_view), name="search"),
            path("unclosed/", self.admin_view(unclosed.unclosed_view), name="unclosed"),
            path("day/people/", self.admin_view(day_people.people_view), name="day_people"),
            path("day/move/", self.admin_view(dropping.move_view), name="day_move"),
            path("day/block/", self.admin_view(dropping.block_view), name="day_block"),
            path("day/version/", self.admin_view(live.version_view), name="day_version"),
            path("day-sheet/", self.admin_view(sheets.day_sheet_view), name="day_sheet"),
            path("week-sheet/", self.admin_view(sheets.week_sheet_view), name="week_sheet"),
            path("week/", self.admin_view(week.week), name="week"),
            path("owing/", self.admin_view(owing.owing_view), name="owing"),
            path("reports/", self.admin_view(reports.reports_view), name="reports"),
            path("reports/csv/", self.admin_view(reports.reports_csv_view), name="reports_csv"),
            path("clients/import/", self.admin_view(client_import.client_import_view), name="client_import"),
            path("clients/template/", self.admin_view(client_import.template_view), name="client_import_template"),
            path("visits/import/", self.admin_view(visit_import.visit_import_view), name="visit_import"),
            path("visits/template/", self.admin_view(visit_import.visit_template_view), name="visit_import_template"),
            path("holidays/", self.admin_view(holidays.holidays_view), name="holidays"),
            path("week-hours/", self.admin_view(week_hours.week_hours), name="week_hours"),
        ]
        return pages + super().get_urls()

    def index(self, request, extra_context=None):
        return today.today(request)

    def admin_view(self, view, cacheable=False):
        return acting.enter_its_zone(super().admin_view(do_once(view), cacheable))

    def get_organization(self, request):
        return acting.find_chosen_organization(request)

    def note_export(self, request, table, **facts):
        organization = acting.find_chosen_organization(request)
        audit.record_event(
            "export", by=request.user, organization_id=organization and organization.pk, table=table, **facts
        )

    def read_behind(self, request, read):
        return replica.read_behind(read, by=request.user)

    def write_list_later(self, request, model_admin):
        return list_files.write_list_later(request, model_admin)

    def find_editors(self, row, version):
        return audit.find_editors_since(row, version)

    def each_context(self, request):
        context = super().each_context(request)
        permitted = context["has_permission"]
        person = request.user
        home = acting.find_chosen_organization(request) if permitted else None
        return context | {
            "frame": "admin/panel.html" if "X-Panel" in request.headers else "admin/frame.html",
            "home": home,
            "initials": "".join(word[0] for word in person.name.split()[:2]).upper() if permitted else "",
            "make_form_key": secrets.token_urlsafe,  # anew each time that a template names it
            "languages": OFFERED.items(),
            "acting_in": home if permitted and person.is_superuser else None,
            **(describe_sidebar(request) if permitted else {"sidebar": [], "bottom_bar": []}),
        }
