"""When somebody works: the week's hours, special hours, time off and closures, and whom a change of these strands.

Nothing in this package books or moves a visit: `availability` and `booking` stand on it, it knows neither.
"""
