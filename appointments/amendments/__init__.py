"""What becomes of a visit that was booked: it is altered, moved with others, marked, merged, rezoned or taken back.

They stand on `booking`; no domain module outside of this package imports one.
"""
