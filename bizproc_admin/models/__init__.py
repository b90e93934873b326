"""The tables: the mirror, the commands and the audit history."""

from bizproc_admin.models.accounts import Account, LinkedPerson, Role
from bizproc_admin.models.address_changes import AddressChange
from bizproc_admin.models.application_actions import ApplicationAction
from bizproc_admin.models.application_steps import ApplicationStep, StepState
from bizproc_admin.models.audit_entries import AuditDetail, AuditEntry, AuditSequence
from bizproc_admin.models.audit_repeats import AuditRepeat
from bizproc_admin.models.bulk_operations import BulkOperation, BulkState, FrozenPart
from bizproc_admin.models.call_receivers import CallReceiver
from bizproc_admin.models.called_workflows import CalledWorkflow
from bizproc_admin.models.commands import Command, CommandFile, CommandState
from bizproc_admin.models.documents import Document, DocumentKind
from bizproc_admin.models.drafts import Draft
from bizproc_admin.models.gateways import GatewayConnection
from bizproc_admin.models.participations import Participation
from bizproc_admin.models.people import Department, Person
from bizproc_admin.models.person_figures import PersonFigures
from bizproc_admin.models.person_tokens import PersonToken
from bizproc_admin.models.portals import Outage, Portal
from bizproc_admin.models.recipes import Recipe
from bizproc_admin.models.revisions import Revision
from bizproc_admin.models.saved_views import SavedView
from bizproc_admin.models.screens import ScreenReading, Watched
from bizproc_admin.models.seen_outcomes import SeenOperation, SeenOutcome
from bizproc_admin.models.sync_runs import Feed, FeedName, SyncRun
from bizproc_admin.models.targets import Target
from bizproc_admin.models.template_figures import TemplateFigures
from bizproc_admin.models.template_files import TemplateFile
from bizproc_admin.models.template_mentions import TemplateMention
from bizproc_admin.models.template_versions import TemplateStructure, TemplateVersion
from bizproc_admin.models.workers import Chore, MethodBudget, PaceBucket, Place, Worker
from bizproc_admin.models.workflow_tasks import Assignment, WorkflowTask
from bizproc_admin.models.workflow_templates import WorkflowTemplate
from bizproc_admin.models.workflows import EndCause, Workflow

__all__ = [
    "Account",
    "AddressChange",
    "ApplicationAction",
    "ApplicationStep",
    "Assignment",
    "AuditDetail",
    "AuditEntry",
    "AuditRepeat",
    "AuditSequence",
    "BulkOperation",
    "BulkState",
    "CallReceiver",
    "CalledWorkflow",
    "Chore",
    "Command",
    "CommandFile",
    "CommandState",
    "Department",
    "Document",
    "DocumentKind",
    "Draft",
    "EndCause",
    "Feed",
    "FeedName",
    "FrozenPart",
    "GatewayConnection",
    "LinkedPerson",
    "MethodBudget",
    "Outage",
    "PaceBucket",
    "Participation",
    "Person",
    "PersonFigures",
    "PersonToken",
    "Place",
    "Portal",
    "Recipe",
    "Revision",
    "Role",
    "SavedView",
    "ScreenReading",
    "SeenOperation",
    "SeenOutcome",
    "StepState",
    "SyncRun",
    "Target",
    "TemplateFigures",
    "TemplateFile",
    "TemplateMention",
    "TemplateStructure",
    "TemplateVersion",
    "Watched",
    "Worker",
    "Workflow",
    "WorkflowTask",
    "WorkflowTemplate",
]
