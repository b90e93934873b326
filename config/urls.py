"""Every address of the program."""

from django.urls import include, path

handler500 = "bizproc_admin.views.failures.server_error"
urlpatterns = [path("", include("bizproc_admin.urls"))]
