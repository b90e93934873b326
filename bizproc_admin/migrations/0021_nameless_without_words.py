"""What has no name loses the words that stood for one, and documents get their order.

In portions, each a transaction of its own; what is done already is found done when it is repeated.
"""

import re

from django.db import connections, migrations, transaction

AT_ONCE = 2000
PERSON = re.compile(r"\b(person) (\d+)\b")
HIDDEN = "hidden automation template %s"
READ = (
    "pk", "search_text", "document_order",
    "template_copy", "template__name", "template__remote_id",
    "document_copy", "document__name", "document__kind", "document__document_id",
    "starter_copy", "started_by__name", "started_by__remote_id", "waiting_copy",
)  # fmt: skip


def take_words_out(apps, schema_editor):
    alias = schema_editor.connection.alias
    workflows = apps.get_model("bizproc_admin", "Workflow")._default_manager.using(alias)
    people = apps.get_model("bizproc_admin", "Person")._default_manager.using(alias)
    nameless = {str(one) for one in people.filter(name="").values_list("remote_id", flat=True)}
    table = schema_editor.quote_name(workflows.model._meta.db_table)
    statement = (
        f"UPDATE {table} SET template_name = %s, document_name = %s, document_order = %s,"  # noqa: S608
        " started_by_name = %s, waiting_name = %s, search_text = %s WHERE id = %s"
    )
    last = 0
    while rows := list(workflows.filter(pk__gt=last).order_by("pk").values(*READ)[:AT_ONCE]):
        last = rows[-1]["pk"]
        changed = [new for row in rows if (new := without_words(row, nameless))]
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.executemany(statement, changed)


def without_words(row, nameless):
    """Return the new values of a row; None where they are the old ones."""
    search = row["search_text"]
    names = {
        "template": row["template__name"],
        "document": row["document__name"][:500],
        "starter": row["started_by__name"] or "",
    }
    if not names["template"]:
        number = row["template__remote_id"]
        search = search.replace(HIDDEN % number, str(number))
    if not names["document"] and row["document_copy"]:
        search = search.replace(row["document_copy"].casefold() + " ", " ")
    search = PERSON.sub(lambda said: said[2] if said[2] in nameless else said[0], search)
    said = PERSON.fullmatch(row["waiting_copy"].casefold())
    waiting = "" if said and said[2] in nameless else row["waiting_copy"]
    new = (
        names["template"], names["document"], order_of(row), names["starter"], waiting, search,
    )  # fmt: skip
    old = (
        row["template_copy"], row["document_copy"], row["document_order"], row["starter_copy"],
        row["waiting_copy"], row["search_text"],
    )  # fmt: skip
    return (*new, row["pk"]) if new != old else None


def order_of(row):
    if row["document__name"]:
        return f"1 {row['document__name'][:500]}"
    number = row["document__document_id"].rsplit("_", 1)[-1]
    return f"2 {row['document__kind']} {number[-200:]:0>20}"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("bizproc_admin", "0020_names_and_what_is_said"),
    ]

    operations = [migrations.RunPython(take_words_out, migrations.RunPython.noop)]
