"""What must hold for services beyond their constraints."""

from clientline.database.invariants import Invariant

INVARIANTS = [
    Invariant(
        name="service_performed_by_no_client",
        sql="SELECT l.service_id FROM service_staff l JOIN users u ON u.id = l.staff_id WHERE u.role = 'client'",
        says="services that a client is named for",
    ),
]
