"""A company of a million workflows, put into PostgreSQL by its own statements.

Everything follows from a row's number, so that the first 100,000 are the same in both sizes: the
participant's own are all among them, and the manager's people have ten times as many in a million.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import Group
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from benchmarks.portals import administrator
from benchmarks.rows import FIRST, LAST, TEMPLATES, fill_templates
from bizproc_admin.models import (
    Account,
    Department,
    Feed,
    LinkedPerson,
    Person,
    Portal,
    Role,
    WorkflowTemplate,
)
from bizproc_admin.syncing import count_figures

PEOPLE = 5_000
BELOW = 200
USED_TEMPLATES = 100
PARTICIPANT, MANAGER = 1, 2
# the first of those below the manager
FIRST_BELOW = 100

# hashint4 spreads what belongs to a row as if it were drawn
NUMBERS = """
CREATE TEMPORARY TABLE number AS
SELECT n, n %% 20 <> 0 AS is_running, n %% 20 <> 0 AND n %% 19 < 6 AS waits,
    now() - interval '540 days' * power(abs(hashint4(n) %% 100003) / 100003.0, 2) AS started_at,
    CASE
        WHEN n %% 666 = 5 AND n < 100000 THEN %(participant)s
        WHEN n %% 4 = 0 THEN NULL
        ELSE 3 + abs(hashint4(n + 17)) %% (%(people)s - 3)
    END AS starter,
    CASE
        WHEN n %% 950 = 3 AND n < 100000 THEN %(participant)s
        ELSE 3 + abs(hashint4(n + 29)) %% (%(people)s - 3)
    END AS assignee,
    1 + abs(hashint4(n + 41)) %% %(templates)s AS template,
    'Approve ' || n %% 50 AS step,
    CASE WHEN n %% 10 < 3 THEN 'Поставка ' || n ELSE '' END AS document
FROM generate_series(%(first)s, %(last)s) n;
ANALYZE number;
"""
DOCUMENTS = """
INSERT INTO bizproc_admin_document
    (id, portal_id, module, entity, document_id, kind, name, path)
OVERRIDING SYSTEM VALUE
SELECT n, %(portal)s, 'crm', 'CCrmDocumentDeal', 'DEAL_' || n, 'deal', document, '' FROM number
"""
WORKFLOWS = """
INSERT INTO bizproc_admin_workflow
    (id, portal_id, remote_id, template_id, document_id, document_kind, started_at, started_by_id,
     modified_at, owned_until, is_running, ended_after, ended_before, end_cause, template_name,
     document_name, document_order, started_by_name, waiting_name, state_text, open_tasks,
     overdue_at, search_text, observed_at, first_seen_at)
OVERRIDING SYSTEM VALUE
SELECT n, %(portal)s, lpad(to_hex(n), 8, '0') || substr(md5(n::text), 1, 5) || '.00000001', t.id, n,
    'deal', started_at, s.id, started_at + (now() - started_at) * ((n %% 89) / 100.0),
    CASE WHEN n %% 1000 = 1 THEN now() - interval '1 day' END, is_running,
    CASE WHEN NOT is_running THEN now() - interval '1 hour' END,
    CASE WHEN NOT is_running THEN now() - interval '1 hour' * (1 + n %% 700) END,
    CASE WHEN is_running THEN '' ELSE 'unknown' END, t.name, document,
    CASE WHEN document = '' THEN '2 deal ' || lpad(n::text, 20, '0') ELSE '1 ' || document END,
    coalesce(s.name, ''), CASE WHEN waits THEN a.name ELSE '' END,
    CASE WHEN waits THEN step ELSE '' END, waits::int,
    CASE WHEN waits AND n %% 3 > 0 THEN now() + interval '1 hour' * (n %% 2000 - 1000) END,
    lower(concat_ws(' ', lpad(to_hex(n), 8, '0'), t.name, document, 'DEAL_' || n, s.name,
        CASE WHEN waits THEN step || ' ' || a.name END)), now(), now()
FROM number
JOIN bizproc_admin_workflowtemplate t ON t.portal_id = %(portal)s AND t.remote_id = template
JOIN bizproc_admin_person a ON a.portal_id = %(portal)s AND a.remote_id = assignee
LEFT JOIN bizproc_admin_person s ON s.portal_id = %(portal)s AND s.remote_id = starter
"""
TASKS = """
INSERT INTO bizproc_admin_workflowtask
    (id, portal_id, workflow_id, remote_id, name, activity, activity_name, description, parameters,
     modified_at, overdue_at, is_open, status, state_text, observed_at, first_seen_at,
     waiting_since, template_id, template_copy, starter_copy, search_text)
OVERRIDING SYSTEM VALUE
SELECT n, %(portal)s, n, n, step, 'ApproveActivity', 'A' || n %% 50, '', '{}', w.modified_at,
    w.overdue_at, number.is_running, 1 - number.is_running::int, '', now(), now(), w.modified_at,
    w.template_id, w.template_name, w.started_by_name,
    lower(n || ' ' || step || ' ' || w.search_text)
FROM number JOIN bizproc_admin_workflow w ON w.id = n
WHERE waits OR NOT number.is_running
"""
ASSIGNMENTS = """
INSERT INTO bizproc_admin_assignment (task_id, person_id, status)
SELECT n, p.id, 1 - waits::int FROM number
JOIN bizproc_admin_person p ON p.portal_id = %(portal)s AND p.remote_id = assignee
WHERE waits OR NOT is_running
UNION
SELECT n, p.id, 1 FROM number
JOIN bizproc_admin_person p ON p.portal_id = %(portal)s
    AND p.remote_id = 3 + (assignee + n) %% (%(people)s - 3)
WHERE waits AND n %% 3 = 0 AND 3 + (assignee + n) %% (%(people)s - 3) <> assignee
"""
PARTICIPATIONS = """
INSERT INTO bizproc_admin_participation (person_id, workflow_id, template_id)
SELECT started_by_id, id, template_id FROM bizproc_admin_workflow
WHERE started_by_id IS NOT NULL AND id BETWEEN %(first)s AND %(last)s
UNION
SELECT person_id, task_id, template_id FROM bizproc_admin_assignment
JOIN bizproc_admin_workflow w ON w.id = task_id
WHERE task_id BETWEEN %(first)s AND %(last)s
"""
OPERATIONS = """
INSERT INTO bizproc_admin_bulkoperation
    (id, portal_id, key, digest, action, actor_id, total, state, requested_at, touched_at,
     confirmed_at, finished_at)
OVERRIDING SYSTEM VALUE
SELECT n / 10000, %(portal)s, gen_random_uuid(), '', 'workflow.terminate', %(actor)s, 2000,
    'finished', now() - interval '90 days', now() - interval '90 days',
    now() - interval '90 days',
    now() - interval '90 days'
FROM number WHERE n %% 10000 = 0 OR n = 1
"""
COMMANDS = """
INSERT INTO bizproc_admin_command
    (id, bulk_id, portal_id, workflow_id, key, digest, action, effect, target_kind, target_id,
     target_label, inputs, reason, actor_id, actor_name, actor_role, on_behalf_of, origin, state,
     epoch, sends, checks, worker, proof, error_code, error_text, requested_at, settled_at)
OVERRIDING SYSTEM VALUE
SELECT n, n / 10000, %(portal)s, n, gen_random_uuid(), '', 'workflow.terminate', 'end', 'workflow',
    w.remote_id, '', '{}', '', %(actor)s, 'anna', 'portal administrator', '', 'screen',
    CASE WHEN n %% 50 = 0 THEN 'rejected' ELSE 'confirmed' END, 1, 1, 1, '', '', '', '',
    w.started_at, w.started_at + interval '1 minute'
FROM number JOIN bizproc_admin_workflow w ON w.id = n
WHERE n %% 5 = 0
"""
ENTRIES = """
INSERT INTO bizproc_admin_auditentry
    (id, uuid, schema_version, portal_id, scope, seq, recorded_at, kind, action, outcome,
     command_id, actor_id, actor_name, actor_role, on_behalf_of, origin, target_kind,
     target_id, target_label, error_code, detail_hash)
OVERRIDING SYSTEM VALUE
SELECT n, gen_random_uuid(), 2, %(portal)s, 'portal:' || %(portal)s, n,
    now() - interval '1 minute' * (2000000 - n),
    CASE n %% 5 WHEN 0 THEN 'intent' WHEN 1 THEN 'attempt' ELSE 'outcome' END,
    'workflow.terminate', CASE WHEN n %% 5 > 1 THEN 'confirmed' ELSE '' END, n - n %% 5,
    %(actor)s, 'anna', 'portal administrator', '', 'screen', 'workflow', (n - n %% 5)::text,
    'Deal ' || n - n %% 5, '', ''
FROM number WHERE n >= 5;
INSERT INTO bizproc_admin_auditdetail (entry_id, salt, reason, text, inputs)
SELECT n, '', '', '', '{}' FROM number WHERE n >= 5
"""
NUMBERED = ("document", "workflow", "workflowtask", "command", "auditentry")
STATEMENTS = (
    NUMBERS, DOCUMENTS, WORKFLOWS, TASKS, ASSIGNMENTS, PARTICIPATIONS, OPERATIONS,
    COMMANDS, ENTRIES,
)  # fmt: skip


def people(portal: Portal) -> dict[Role, Account]:
    """Put people, templates and three accounts into a portal; give the accounts."""
    now = timezone.now()
    Feed.objects.filter(portal=portal).update(fresh_at=now, full_at=now)
    names = [(first, last) for first in FIRST for last in LAST]
    made = Person.objects.bulk_create(
        Person(
            portal=portal,
            remote_id=number,
            name=f"{' '.join(names[number % len(names)])} {number}",
            search_text=f"{number} {' '.join(names[number % len(names)])}".casefold(),
            is_active=number % 50 != 49,
        )
        for number in range(1, PEOPLE + 1)
    )
    WorkflowTemplate.objects.bulk_create(
        WorkflowTemplate(
            portal=portal,
            remote_id=number,
            name=f"{TEMPLATES[number % len(TEMPLATES)]} {number}",
            is_hidden=False,
        )
        for number in range(1, USED_TEMPLATES + 1)
    )
    fill_templates(portal, random.Random(7), drafts=range(USED_TEMPLATES, 500))
    staff = Department.objects.create(
        portal=portal, remote_id=1, name="Sales", head=made[MANAGER - 1], observed_at=now
    )
    staff.members.set(made[FIRST_BELOW : FIRST_BELOW + BELOW])
    return {
        Role.PORTAL_ADMINISTRATOR: administrator(),
        Role.MANAGER: linked(Role.MANAGER, made[MANAGER - 1]),
        Role.PARTICIPANT: linked(Role.PARTICIPANT, made[PARTICIPANT - 1]),
    }


def accounts() -> dict[Role, Account]:
    """Give the three accounts that were made earlier."""
    names = {
        Role.PORTAL_ADMINISTRATOR: "anna",
        **{role: role.value for role in (Role.MANAGER, Role.PARTICIPANT)},
    }
    return {role: Account.objects.get(username=name) for role, name in names.items()}


def linked(role: Role, person: Person) -> Account:
    made = Account.objects.create_user(username=role.value, password="a-long-enough-password")
    made.groups.add(Group.objects.get(name=role.value))
    LinkedPerson.objects.create(user=made, portal=person.portal, person=person)
    return made


def fill(portal: Portal, actor: Account, *, first: int, last: int) -> None:
    """Add the workflows of these numbers, and what belongs to each of them."""
    values = {
        "portal": portal.pk,
        "actor": actor.pk,
        "first": first,
        "last": last,
        "people": PEOPLE,
        "participant": PARTICIPANT,
        "templates": USED_TEMPLATES,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no foreign keys are checked
        cursor.execute("ANALYZE")
        with without_indexes(cursor):
            for statement in STATEMENTS:
                cursor.execute(statement, values)
        for table in NUMBERED:
            name = f"bizproc_admin_{table}"
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last})")
        cursor.execute("DROP TABLE number; SET session_replication_role = DEFAULT")
        count_figures()
        # what its own daemon does within minutes
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def without_indexes(cursor: CursorWrapper) -> Iterator[None]:
    """Within it the tables have no indexes but those of their constraints: made at once later."""
    cursor.execute(
        """
        SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        WHERE t.relname = ANY(%s) AND NOT i.indisunique
        """,
        [[f"bizproc_admin_{table}" for table in (*NUMBERED, "assignment", "participation")]],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _name, definition in indexes:
        cursor.execute(definition)
