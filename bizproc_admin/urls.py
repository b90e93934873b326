"""Every address of the program; the name of an address is the name of its view."""

from allauth.account.views import LogoutView
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from bizproc_admin.access.permissions import open_to_accounts
from bizproc_admin.views import (
    accounts,
    application_action_writes,
    application_actions,
    application_steps,
    audit_entries,
    commands,
    completing,
    drafting,
    former_addresses,
    gateways,
    hand_overs,
    icons,
    news,
    operating,
    operation_acts,
    operation_creation,
    operations,
    overview,
    own_account,
    people,
    person_detail,
    person_list,
    portal_calls,
    portals,
    receiving,
    recipes,
    saved_views,
    second_factor,
    signing_in,
    start_lists,
    starting,
    template_files,
    template_list,
    template_search,
    template_versions,
    workflow_courses,
    workflow_tasks,
    workflow_templates,
    workflows,
)

sign_out = open_to_accounts(LogoutView.as_view())

workflow_urls = [
    *workflows.WORKFLOWS.urls("list", "pulse", "row", "choices", "counts"),
    path("start/", starting.workflow_start, name="workflow_start"),
    path("start/preview/", starting.workflow_start_preview, name="workflow_start_preview"),
    path("start/many/<int:pk>/", start_lists.workflow_start_many, name="workflow_start_many"),
    path("start/<int:pk>/", starting.workflow_start_outcome, name="workflow_start_outcome"),
    path(
        "start/<int:pk>/decision/", starting.workflow_start_decision, name="workflow_start_decision"
    ),
    path("start/<int:pk>/contest/", starting.workflow_start_contest, name="workflow_start_contest"),
    path("<int:pk>/", workflows.workflow_detail, name="workflow_detail"),
    path("<int:pk>/course/", workflow_courses.workflow_course, name="workflow_course"),
    path("<int:pk>/menu/", workflows.workflow_menu, name="workflow_menu"),
    path("<int:pk>/reading/", workflows.workflow_reading, name="workflow_reading"),
    path("<int:pk>/termination/", workflows.workflow_termination, name="workflow_termination"),
    path("<int:pk>/kill/", workflows.workflow_kill, name="workflow_kill"),
    path("<int:pk>/removal/", former_addresses.workflow_removal, name="workflow_removal"),
]

application_step_urls = [
    *application_steps.STEPS.urls("list", "pulse", "choices", "counts"),
    path("token/", application_steps.application_step_token, name="application_step_token"),
    path("<int:pk>/", application_steps.application_step_detail, name="application_step_detail"),
    path(
        "<int:pk>/answer/",
        application_steps.application_step_answer,
        name="application_step_answer",
    ),
    path("<int:pk>/log-line/", application_steps.application_step_log, name="application_step_log"),
]

operation_urls = [
    *operations.OPERATIONS.urls("list", "pulse", "choices", "counts"),
    path("<int:pk>/", operations.operation_detail, name="operation_detail"),
    path("<int:pk>/progress/", operations.operation_progress, name="operation_progress"),
    path("<int:pk>/rows/", operations.operation_rows, name="operation_rows"),
    path("<int:pk>/pausing/", operation_acts.operation_pausing, name="operation_pausing"),
    path("<int:pk>/resuming/", operation_acts.operation_resuming, name="operation_resuming"),
    path(
        "<int:pk>/cancellation/",
        operation_acts.operation_cancellation,
        name="operation_cancellation",
    ),
    path("<int:pk>/approval/", operation_acts.operation_approval, name="operation_approval"),
    path("<int:pk>/declining/", operation_acts.operation_declining, name="operation_declining"),
    path("<int:pk>/retry/", operation_acts.operation_retry, name="operation_retry"),
    path("<int:pk>/download/", operation_acts.operation_download, name="operation_download"),
    path("creation/", operation_creation.operation_creation, name="operation_creation"),
    path(
        "<int:pk>/confirmation/",
        operation_creation.operation_confirmation,
        name="operation_confirmation",
    ),
]

workflow_template_urls: list[URLPattern | URLResolver] = [
    *template_list.TEMPLATES.urls("list", "choices", "counts"),
    path("upload/", template_files.template_upload, name="template_upload"),
    path("files/<int:pk>/", template_files.template_file_detail, name="template_file_detail"),
    path(
        "files/<int:pk>/sending/",
        template_files.template_file_sending,
        name="template_file_sending",
    ),
    path(
        "<int:pk>/deletion/",
        template_files.workflow_template_deletion,
        name="workflow_template_deletion",
    ),
    path(
        "<int:pk>/return/",
        template_files.workflow_template_return,
        name="workflow_template_return",
    ),
    path(
        "<int:pk>/download/",
        template_files.workflow_template_download,
        name="workflow_template_download",
    ),
    path("search/", include(template_search.MENTIONS.urls("list", "choices"))),
    path("<int:pk>/", workflow_templates.workflow_template_detail, name="workflow_template_detail"),
    path(
        "<int:pk>/versions/",
        template_versions.workflow_template_versions,
        name="workflow_template_versions",
    ),
    path(
        "<int:pk>/constants/",
        workflow_templates.workflow_template_constants,
        name="workflow_template_constants",
    ),
]

application_action_urls = [
    path("", application_actions.application_action_list, name="application_action_list"),
    path(
        "registration/",
        application_action_writes.application_action_registration,
        name="application_action_registration",
    ),
    path(
        "listing/",
        application_actions.application_action_listing,
        name="application_action_listing",
    ),
    path(
        "import/",
        application_action_writes.application_action_import,
        name="application_action_import",
    ),
    path(
        "<int:pk>/", application_actions.application_action_detail, name="application_action_detail"
    ),
    path(
        "<int:pk>/export/",
        application_actions.application_action_export,
        name="application_action_export",
    ),
    path(
        "<int:pk>/change/",
        application_action_writes.application_action_change,
        name="application_action_change",
    ),
    path(
        "<int:pk>/deletion/",
        application_action_writes.application_action_deletion,
        name="application_action_deletion",
    ),
]

workflow_task_urls = [
    *workflow_tasks.WORKFLOW_TASKS.urls("list", "row", "choices", "counts"),
    path("pulse/", workflow_tasks.workflow_task_pulse, name="workflow_task_pulse"),
    path("<int:pk>/", workflow_tasks.workflow_task_detail, name="workflow_task_detail"),
    path("<int:pk>/reading/", workflow_tasks.workflow_task_reading, name="workflow_task_reading"),
    path(
        "<int:pk>/completion/",
        completing.workflow_task_completion,
        name="workflow_task_completion",
    ),
    path(
        "<int:pk>/delegation/",
        completing.workflow_task_delegation,
        name="workflow_task_delegation",
    ),
    path("<int:pk>/draft/", drafting.workflow_task_draft, name="workflow_task_draft"),
    path("<int:pk>/takeover/", completing.workflow_task_takeover, name="workflow_task_takeover"),
]

hand_over_urls = [
    path("", hand_overs.hand_over_list, name="hand_over_list"),
    path("<int:pk>/", hand_overs.hand_over, name="hand_over"),
]

recipe_urls = [
    path("", recipes.recipe_list, name="recipe_list"),
    path("creation/", recipes.recipe_creation, name="recipe_creation"),
    path("preview/", recipes.recipe_preview, name="recipe_preview"),
    path("<int:pk>/", recipes.recipe_detail, name="recipe_detail"),
    path("<int:pk>/use/", recipes.recipe_use, name="recipe_use"),
    path("<int:pk>/deletion/", recipes.recipe_deletion, name="recipe_deletion"),
]

saved_view_urls = [
    path("<slug:noun>/", saved_views.saved_view_list, name="saved_view_list"),
    path("<slug:noun>/creation/", saved_views.saved_view_creation, name="saved_view_creation"),
    path("<slug:noun>/columns/", saved_views.saved_view_columns, name="saved_view_columns"),
    path("<int:pk>/change/", saved_views.saved_view_detail, name="saved_view_detail"),
    path("<int:pk>/filters/", saved_views.saved_view_filters, name="saved_view_filters"),
    path("<int:pk>/home/", saved_views.saved_view_home, name="saved_view_home"),
    path("<int:pk>/deletion/", saved_views.saved_view_deletion, name="saved_view_deletion"),
    path("<int:pk>/withdrawal/", saved_views.saved_view_withdrawal, name="saved_view_withdrawal"),
]

person_urls = [
    *person_list.PEOPLE.urls("list", "counts"),
    path("<int:pk>/", person_detail.person_detail, name="person_detail"),
]

command_urls = [
    *commands.COMMANDS.urls("list", "pulse", "choices", "counts"),
    path("news/", news.news_list, name="news_list"),
    path("news/dismissal/", news.dismissal_creation, name="dismissal_creation"),
    path("take-backs/", completing.take_back_creation, name="take_back_creation"),
    path("<int:pk>/take-back/", completing.command_take_back, name="command_take_back"),
    path("withdrawals/", former_addresses.withdrawal_creation, name="withdrawal_creation"),
    path("<int:pk>/withdrawal/", former_addresses.command_withdrawal, name="command_withdrawal"),
    path("<int:pk>/", commands.command_detail, name="command_detail"),
    path("<int:pk>/decision/", commands.command_decision, name="command_decision"),
]

audit_urls = [
    *audit_entries.AUDIT_ENTRIES.urls("list", "counts"),
    path("<int:pk>/", audit_entries.audit_entry_detail, name="audit_entry_detail"),
    path("<int:pk>/steps/", audit_entries.audit_entry_steps, name="audit_entry_steps"),
]

account_urls = [
    path("", accounts.account_list, name="account_list"),
    path("creation/", accounts.account_creation, name="account_creation"),
    path("<int:pk>/", accounts.account_detail, name="account_detail"),
    path("<int:pk>/activation/", accounts.account_activation, name="account_activation"),
    path("<int:pk>/reset/", accounts.account_reset, name="account_reset"),
    path(
        "<int:pk>/second-factor/removal/",
        accounts.account_second_factor_removal,
        name="account_second_factor_removal",
    ),
    path(
        "<int:pk>/sessions/ending/",
        accounts.account_sessions_ending,
        name="account_sessions_ending",
    ),
    path(
        "<int:pk>/sessions/<int:session_pk>/ending/",
        accounts.account_session_ending,
        name="account_session_ending",
    ),
    path("entry/<str:uid>/<str:token>/", accounts.account_entry, name="account_entry"),
]

own_account_urls = [
    path("", own_account.own_account, name="own_account"),
    path("sessions/ending/", own_account.own_sessions_ending, name="own_sessions_ending"),
    path("sessions/<int:pk>/ending/", own_account.own_session_ending, name="own_session_ending"),
    path(
        "connections/<int:pk>/removal/",
        own_account.own_connection_removal,
        name="own_connection_removal",
    ),
]

# Under the names that allauth's views look for.
second_factor_urls = [
    path(
        "",
        open_to_accounts(RedirectView.as_view(pattern_name="own_account")),
        name="mfa_index",
    ),
    path(
        "activation/",
        open_to_accounts(second_factor.ActivationView.as_view()),
        name="mfa_activate_totp",
    ),
    path(
        "removal/",
        open_to_accounts(second_factor.DeactivationView.as_view()),
        name="mfa_deactivate_totp",
    ),
    path(
        "recovery-codes/",
        open_to_accounts(second_factor.RecoveryCodesView.as_view()),
        name="mfa_view_recovery_codes",
    ),
    path(
        "recovery-codes/creation/",
        open_to_accounts(second_factor.RecoveryCodesGenerationView.as_view()),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/file/",
        open_to_accounts(second_factor.RecoveryCodesFileView.as_view()),
        name="mfa_download_recovery_codes",
    ),
    path(
        "confirmation/",
        open_to_accounts(second_factor.ConfirmationView.as_view()),
        name="mfa_reauthenticate",
    ),
    path(
        "confirmation/password/",
        open_to_accounts(second_factor.PasswordConfirmationView.as_view()),
        name="account_reauthenticate",
    ),
]

portal_urls = [
    path("", portals.portal_list, name="portal_list"),
    path("creation/", portals.portal_creation, name="portal_creation"),
    path("gateway/", gateways.gateway_creation, name="gateway_creation"),
    path("gateway/callback/", gateways.gateway_callback, name="gateway_callback"),
    path("choice/", portals.portal_choice, name="portal_choice"),
    path("<int:pk>/", portals.portal_detail, name="portal_detail"),
    path("<int:pk>/gateway/", gateways.portal_gateway, name="portal_gateway"),
    path(
        "<int:pk>/gateway/sign-in/", gateways.portal_gateway_sign_in, name="portal_gateway_sign_in"
    ),
    path("<int:pk>/webhook/", portals.portal_webhook, name="portal_webhook"),
    path("<int:pk>/application/", portals.portal_application, name="portal_application"),
    path(
        "<int:pk>/application/removal/",
        portals.portal_application_removal,
        name="portal_application_removal",
    ),
    path("<int:pk>/admission/", portals.portal_admission, name="portal_admission"),
    path("<int:pk>/approval/", portals.portal_approval, name="portal_approval"),
    path("<int:pk>/time-zone/", portals.portal_time_zone, name="portal_time_zone"),
    path("<int:pk>/probing/", portals.portal_probing, name="portal_probing"),
    path("<int:pk>/calls-test/", portal_calls.portal_calls_test, name="portal_calls_test"),
    path("<int:pk>/address/", portals.portal_address, name="portal_address"),
    path(
        "<int:pk>/address/<int:change>/following/",
        portals.portal_following,
        name="portal_following",
    ),
    path("<int:pk>/disconnection/", portals.portal_disconnection, name="portal_disconnection"),
]

handler500 = "bizproc_admin.views.failures.server_error"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("home/", saved_views.home, name="home"),
    path("views/", include(saved_view_urls)),
    path("workflows/", include(workflow_urls)),
    path("waiting-steps/", include(application_step_urls)),
    path("templates/", include(workflow_template_urls)),
    path("templates/application-actions/", include(application_action_urls)),
    path("workflow-tasks/", include(workflow_task_urls)),
    path("operations/", include(operation_urls)),
    path("commands/", include(command_urls)),
    path("people/", include(person_urls)),
    path("operations/recipes/", include(recipe_urls)),
    path("operations/hand-overs/", include(hand_over_urls)),
    path("people/search/", people.person_search, name="person_search"),
    path("audit/", include(audit_urls)),
    path("accounts/", include(account_urls)),
    path("own-account/", include(own_account_urls)),
    path("own-account/second-factor/", include(second_factor_urls)),
    path("portals/", include(portal_urls)),
    path("sign-in/", login_not_required(signing_in.SignInView.as_view()), name="account_login"),
    path(
        "sign-in/code/",
        login_not_required(second_factor.SignInStepView.as_view()),
        name="mfa_authenticate",
    ),
    path("sign-in/bitrix24/<int:pk>/", signing_in.bitrix24_login, name="bitrix24_login"),
    path("sign-in/bitrix24/callback/", signing_in.bitrix24_callback, name="bitrix24_callback"),
    path("sign-out/", sign_out, name="account_logout"),
    path("calls/<uuid:calls_id>/", receiving.receive_calls, name="receive_calls"),
    path("frame/", operating.frame, name="frame"),
    path("icons/<slug:version>.svg", icons.icons, name="icons"),
    path("healthz", operating.healthz, name="healthz"),
]
