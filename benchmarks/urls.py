"""The program's addresses and, as the reference, Django's admin over the same tables."""

from django.contrib import admin
from django.urls import include, path

from benchmarks import reference  # noqa: F401 - registers the reference

urlpatterns = [path("admin/", admin.site.urls), path("", include("bizproc_admin.urls"))]
