"""Commands and audit entries in words: thin tags over wording."""

from django import template
from django.template import Context

from bizproc_admin.models import AuditEntry, Command
from bizproc_admin.wording import acts, command_errors, meanings

register = template.Library()


@register.simple_tag
def command_target(command: Command) -> str:
    """Show what a command acts on."""
    return acts.target(command)


@register.simple_tag
def command_alone(command: Command) -> str:
    """Show what a command does, where its target is at hand."""
    return acts.alone(command)


@register.simple_tag
def confirmed_by(entry: AuditEntry) -> str:
    """Show by what an answer to a step was confirmed; nothing for other entries."""
    return acts.confirmed_by(entry)


@register.simple_tag
def command_error(command: Command) -> str:
    """Show why a command waits or ended as it did; nothing where there is nothing to say."""
    return command_errors.command_error(command)


@register.simple_tag
def command_meaning(command: Command) -> str:
    """Show what it means that a command stands where it does."""
    return meanings.meaning(command)


@register.simple_tag(takes_context=True)
def under_way(context: Context, command: Command) -> str:
    """Show that somebody is at it already, to whoever wants to act on the same."""
    request = context.get("request")
    return acts.under_way(command, viewer=request.user.pk if request else None)


@register.simple_tag
def for_another(command: Command) -> str:
    """Show for whom a command is done, where that is somebody else; nothing for other acts."""
    return command.on_behalf_of if acts.ACTS[command.action].is_for_another else ""


@register.simple_tag
def entry_target(entry: AuditEntry) -> str:
    """Show what an audit entry is about."""
    return acts.entry_target(entry)


@register.simple_tag
def entry_error(entry: AuditEntry) -> str:
    """Show what an audit entry says of an error."""
    return command_errors.entry_error(entry)
