from django.contrib import admin
from django.contrib.auth.models import Group

admin.site.unregister(Group)  # who may do what is the policy's
