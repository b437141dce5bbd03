#!/usr/bin/env python
"""Django's command line for ClientLine."""

import gc
import os
import sys


def main():
    gc.disable()  # until all is imported, see `run`
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")
    from clientline.command_line import run

    run(sys.argv)


if __name__ == "__main__":
    main()
