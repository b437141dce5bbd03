"""Lists as files that take longer to write than a page may wait: asked for, written by a job, there for some hours."""
