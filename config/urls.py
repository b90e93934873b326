"""Every address of the program."""

from django.urls import include, path

urlpatterns = [path("", include("bizproc_admin.urls"))]
