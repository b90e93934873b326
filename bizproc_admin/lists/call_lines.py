"""What the page of a portal shows of the calls that come from it."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from bizproc_admin import receiving
from bizproc_admin.actions import CallsTest
from bizproc_admin.actions.base import own_hands
from bizproc_admin.models import (
    Account,
    ApplicationStep,
    CallReceiver,
    Command,
    Portal,
    StepState,
)
from bizproc_admin.wording.command_errors import command_error, said

# what was too large is told of for so long
TOLD_FOR = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class CallsLine:
    """The calls of a portal: by which address, proven or not, and the last test of it.

    problem is why they cannot come, hindrance why this account cannot test them, failure what
    became of the last test where it brought nothing; key is for the next test.
    """

    handler: str
    receiver: CallReceiver | None
    test: Command | None
    problem: str
    hindrance: str
    failure: str
    unverified: int
    too_large: int
    key: uuid.UUID = field(default_factory=uuid.uuid4)

    @classmethod
    def of(cls, portal: Portal, account: Account) -> "CallsLine":
        receiver = CallReceiver.objects.filter(portal=portal, client_id=portal.client_id).first()
        tests = Command.objects.filter(portal=portal, action=CallsTest.name)
        test = tests.select_related("actor").order_by("-pk").first()
        if test is not None and test.inputs["client_id"] != portal.client_id:
            test = None
        recent = Q(is_too_large=True, received_at__gt=timezone.now() - TOLD_FOR)
        counts = ApplicationStep.objects.filter(portal=portal).aggregate(
            unverified=Count("pk", filter=Q(state=StepState.UNVERIFIED)),
            too_large=Count("pk", filter=recent),
        )
        hands = own_hands(account, portal)
        problem = receiving.problem_of_public_url()
        return cls(
            handler=receiving.handler_of(portal),
            receiver=receiver,
            test=test,
            problem=said(problem, {}),
            hindrance="" if hands else said("token_needed_for_calls", {}),
            failure=command_error(test) if test and test.word == "refused" else "",
            **counts,
        )

    @property
    def is_testing(self) -> bool:
        """Return whether a call is being waited for."""
        return self.test is not None and not self.test.is_settled

    @property
    def is_known(self) -> bool:
        """Return whether calls can be told from forged ones."""
        return self.receiver is not None and self.receiver.learnt_at is not None

    @property
    def is_removed(self) -> bool:
        """Return whether the application is gone from the portal."""
        return self.receiver is not None and self.receiver.removed_at is not None
