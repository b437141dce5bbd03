"""The same visits by Django REST framework as its tutorial has it: no tenants, no walls, nothing tuned.

ModelViewSet, PageNumberPagination, TokenAuthentication and `filterset_fields`, on a database of its own.
"""
