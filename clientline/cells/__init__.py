"""Beyond one machine: the files of a cluster, its rehearsal on this machine, and how it is doing."""
