"""Which organizations may be at home at another installation, too, as far as this database tells.

One that came here is followed by its former home until that forgets it. Where nobody reads its changes any more, the
cable is out, or that home was told that this one is destroyed (`clientline.cells.losses`), and is a home again.
"""

DOUBTFUL_HOMES = """
    SELECT organization FROM relocations JOIN cells ON true
    WHERE state = 'arrived' AND NOT is_origin AND NOT EXISTS (
        SELECT FROM pg_replication_slots
        WHERE slot_name = 'clientline_move_' || organization || '_from_' || number AND active
    )
"""
