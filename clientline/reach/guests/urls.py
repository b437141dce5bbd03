"""`/b/<slug>` and its steps, the same in a frame below `/embed`, and `/v/<secret>`."""

from django.urls import include, path

from clientline.reach.guests import booking_views, link_views, sign_in_views
from clientline.reach.guests.colors import answer_colors
from clientline.reach.guests.pages import show_logo
from clientline.web.marks import public, unconfined

STEPS = [
    path("", booking_views.choose_service, name="services"),
    path("/people", booking_views.choose_person, name="people"),
    path("/times", booking_views.choose_time, name="times"),
    path("/details", booking_views.give_details, name="details"),
    path("/sign-in", sign_in_views.sign_client_in, name="sign-in"),
    path("/sign-out", sign_in_views.sign_client_out, name="sign-out"),
    path("/confirm/<str:secret>", booking_views.confirm, name="confirm"),
]
FRAMED = [
    path("/visit/<str:secret>", link_views.show_framed_visit, name="visit"),
    path("/visit/<str:secret>/cancel", link_views.cancel_framed_visit, name="cancel"),
    path("/visit/<str:secret>/move", link_views.move_framed_visit, name="move"),
]
LINKS = [
    path("", link_views.show_visit, name="visit"),
    path("/cancel", link_views.cancel_visit, name="cancel"),
    path("/move", link_views.move_visit, name="move"),
]

urlpatterns = [
    path("b-logos/<int:pk>", unconfined(show_logo), name="guest_logo"),
    path("b-colors/<slug:brand>.css", public(answer_colors), name="guest_colors"),
    path(
        "b/<slug:slug>/embed",
        include(([*STEPS, *FRAMED], "guests"), namespace="guests_embed"),
        {"embedded": True},
    ),
    path("b/<slug:slug>", include((STEPS, "guests"), namespace="guests")),
    path("v/<str:secret>", include((LINKS, "guests"), namespace="guest_links")),
]
