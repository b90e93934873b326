"""The scenario "huge": the demo's company with a hundred thousand workflows and 500 templates.

A few thousand are run by the engine; the rest are put straight into the state the engine would
have brought them to, because starting each would take minutes.
"""

import random

from sandbox.scenarios import demo
from sandbox.scenarios.catalogue import KINDS
from sandbox.scenarios.templates import Node, add_template, approve, notify, sequence, state
from sandbox.state.portal import Portal
from sandbox.state.records import AUTOMATION, Workflow

WORKFLOWS, TEMPLATES = 100_000, 500
#: Approvals in a template of more than 200 KB, and how rare those are.
_LONG, _LONG_EVERY = 220, 80
_BY_ENGINE = 5_000
_DAY = 86400.0


def build(portal: Portal, *, workflows: int = WORKFLOWS) -> None:
    """Fill the portal."""
    demo.build(portal, workflows=min(_BY_ENGINE, workflows))
    samples: dict[int, Workflow] = {}
    for workflow in portal.workflows:
        if not any(wait["kind"] == "task" for wait in workflow.waits.values()):
            samples.setdefault(workflow.template_id, workflow)
    people = [user.id for user in portal.users if user.active]
    rng, now = portal.rng, portal.now()
    numbers = rng.choices(
        range(1, len(KINDS) + 1),
        weights=[kind.weight for kind in KINDS],
        k=max(0, workflows - _BY_ENGINE),
    )
    with portal.workflows.bulk():
        for template_id in numbers:
            sample = samples.get(template_id) or next(iter(samples.values()))
            started = now - 540 * _DAY * rng.random() ** 2
            # A second either side of the truth is nothing to a list, and it makes ids distinct.
            with portal.at(started):
                key = portal.uniqid()
            workflow = _alike(portal, sample, key, started)
            workflow.modified = int(started + (now - started) * rng.random() ** 2)
            workflow.started_by = rng.choice(people) if sample.started_by else 0
            path = next(iter(sample.waits))
            workflow.waits = {path: {"kind": "delay", "due": now + rng.uniform(1, 400) * _DAY}}
            portal.workflows.put(key, workflow)
            for path, wait in workflow.waits.items():
                portal.timers.append((wait["due"], key, path))
    portal.order_timers()
    _add_templates(portal)


def _add_templates(portal: Portal) -> None:
    """Add templates until `template.list` gives 500; a few of them are very long."""
    rng = random.Random(f"templates of {portal.seed}")
    listed = sum(template.auto_execute < AUTOMATION for template in portal.templates)
    for number in range(listed, TEMPLATES):
        kind = KINDS[number % len(KINDS)]
        length = _LONG if number % _LONG_EVERY == 0 else rng.randrange(2, 12)
        with portal.at(portal.now() - rng.uniform(1, 900) * _DAY):
            add_template(
                portal,
                name=f"{kind.name} {number}",
                document_type=kind.document_type,
                structure=_structure(rng, length),
                parameters=kind.parameters,
                description=kind.description,
                user_id=rng.choice((1, 44, 46)),
                rng=rng,
            )


def _structure(rng: random.Random, length: int) -> Node:
    parts = [state("В работе")]
    for number in range(length):
        person = [f"user_{rng.randrange(2, 60)}"]
        yes = [notify(f"Шаг {number} пройден", ["author"])]
        parts.append(approve(f"Согласовать шаг {number}", person, yes, [state("Отклонено")]))
    return sequence(*parts)


def _alike(portal: Portal, sample: Workflow, key: str, started: float) -> Workflow:
    module, entity, place = portal.templates[sample.template_id].document_type
    number = portal.next_number("document")
    document = f"{place}_{number}" if module == "crm" else str(number)
    return Workflow(
        id=key,
        template_id=sample.template_id,
        structure_key=sample.structure_key,
        document=(module, entity, document),
        started=int(started),
        started_by=0,
        modified=int(started),
        state_title=sample.state_title,
        parameters=sample.parameters,
        variables=sample.variables,
        outputs={},
    )
