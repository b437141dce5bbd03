"""The back office: admin pages that show several domains at once.

Beside urls.py the only place in clientline that imports apps.
"""
