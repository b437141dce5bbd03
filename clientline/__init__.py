"""ClientLine. Whatever imports it reads one set of time zone rules: the pinned package's, not the machine's."""

import zoneinfo

MACHINE_TZPATH = zoneinfo.TZPATH  # where version 0.1 looked first; a migration reads there what its clocks showed

# The machine's files may be years old, and other servers of one database may have others. Also undoes PYTHONTZPATH.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
