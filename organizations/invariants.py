"""What must hold for organizations beyond their constraints."""

from clientline.currencies import STORABLE
from clientline.database.invariants import Invariant
from clientline.zones import list_countries, list_readable_zones

INVARIANTS = [
    Invariant(
        name="organization_timezone_is_readable",
        # Rules change with their versions; a zone without any shows UTC.
        sql="SELECT id FROM organizations WHERE timezone <> ALL (%(zones)s)",
        says="organizations in time zones without rules",
        parameters=lambda: {"zones": sorted(list_readable_zones())},
    ),
    Invariant(
        name="organization_country_is_known",
        # No page that names it saves: it has to be chosen anew.
        sql="SELECT id FROM organizations WHERE country <> '' AND country <> ALL (%(countries)s)",
        says="organizations in countries that are none",
        parameters=lambda: {"countries": sorted(list_countries())},
    ),
    Invariant(
        name="organization_currency_is_known",
        sql="SELECT id FROM organizations WHERE currency <> ALL (%(currencies)s)",
        says="organizations with currencies that are unknown or do not fit into two decimals",
        parameters=lambda: {"currencies": sorted(STORABLE)},
    ),
]
