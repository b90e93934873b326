"""Copying a portal into the mirror: passes over feeds, and reading one thing again."""

from bizproc_admin.syncing.application_steps import forget_tokens
from bizproc_admin.syncing.figures import count_figures
from bizproc_admin.syncing.following import follow_people, follow_portal
from bizproc_admin.syncing.learning import learn_names
from bizproc_admin.syncing.passes import forget_old_runs, start_due_passes, sync
from bizproc_admin.syncing.probing import probe_if_asked_for, probe_portal, start_due_probes
from bizproc_admin.syncing.readdressing import find_lost_looks, look_at_address
from bizproc_admin.syncing.rereading import read_again, read_screens
from bizproc_admin.syncing.template_files import read_file, start_due_files

__all__ = [
    "count_figures",
    "find_lost_looks",
    "follow_people",
    "follow_portal",
    "forget_old_runs",
    "forget_tokens",
    "learn_names",
    "look_at_address",
    "probe_if_asked_for",
    "probe_portal",
    "read_again",
    "read_file",
    "read_screens",
    "start_due_files",
    "start_due_passes",
    "start_due_probes",
    "sync",
]
