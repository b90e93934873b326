"""Every address of the program; the name of an address is the name of its view."""

from allauth.account.views import LoginView, LogoutView
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from bizproc_admin.views import (
    accounts,
    audit_entries,
    commands,
    operating,
    overview,
    portals,
    workflows,
)

sign_out = LogoutView.as_view()
sign_out.open_to_accounts = True

workflow_urls = [
    path("", workflows.workflow_list, name="workflow_list"),
    path("pulse/", workflows.workflow_pulse, name="workflow_pulse"),
    path("choices/<slug:chip>/", workflows.workflow_choices, name="workflow_choices"),
    path("<int:pk>/", workflows.workflow_detail, name="workflow_detail"),
    path("<int:pk>/row/", workflows.workflow_row, name="workflow_row"),
    path("<int:pk>/reading/", workflows.workflow_reading, name="workflow_reading"),
    path("<int:pk>/termination/", workflows.workflow_termination, name="workflow_termination"),
    path("<int:pk>/removal/", workflows.workflow_removal, name="workflow_removal"),
]

command_urls = [
    path("<int:pk>/", commands.command_detail, name="command_detail"),
    path("<int:pk>/decision/", commands.command_decision, name="command_decision"),
]

audit_urls = [
    path("", audit_entries.audit_entry_list, name="audit_entry_list"),
    path("<int:pk>/", audit_entries.audit_entry_detail, name="audit_entry_detail"),
]

account_urls = [
    path("", accounts.account_list, name="account_list"),
    path("creation/", accounts.account_creation, name="account_creation"),
    path("<int:pk>/", accounts.account_detail, name="account_detail"),
    path("<int:pk>/activation/", accounts.account_activation, name="account_activation"),
    path("<int:pk>/reset/", accounts.account_reset, name="account_reset"),
    path("entry/<str:uid>/<str:token>/", accounts.account_entry, name="account_entry"),
]

portal_urls = [
    path("", portals.portal_list, name="portal_list"),
    path("creation/", portals.portal_creation, name="portal_creation"),
    path("choice/", portals.portal_choice, name="portal_choice"),
    path("<int:pk>/", portals.portal_detail, name="portal_detail"),
    path("<int:pk>/webhook/", portals.portal_webhook, name="portal_webhook"),
    path("<int:pk>/probing/", portals.portal_probing, name="portal_probing"),
    path("<int:pk>/disconnection/", portals.portal_disconnection, name="portal_disconnection"),
]

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("workflows/", include(workflow_urls)),
    path("commands/", include(command_urls)),
    path("audit/", include(audit_urls)),
    path("accounts/", include(account_urls)),
    path("portals/", include(portal_urls)),
    path("sign-in/", login_not_required(LoginView.as_view()), name="account_login"),
    path("sign-out/", sign_out, name="account_logout"),
    path("frame/", operating.frame, name="frame"),
    path("healthz", operating.healthz, name="healthz"),
]
