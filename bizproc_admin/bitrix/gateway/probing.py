"""A first look at a portal through the gateway: whom does the key act for, what may it do?"""

from datetime import timedelta
from typing import Final

from bizproc_admin.bitrix.errors import BitrixError, NoAnswer, NotSent, Values
from bizproc_admin.bitrix.probing import Finding, Findings
from bizproc_admin.bitrix.refusals import RateLimited, ServerFault

from .reader import GatewayProfile, GatewayReader
from .refusals import SessionOver

#: These say nothing about the connection: another look may go well in a moment, or session.
_PASSING: Final = (NotSent, NoAnswer, RateLimited, ServerFault, SessionOver)


def probe(reader: GatewayReader, address: str) -> tuple[Findings, GatewayProfile | None]:
    """Look over the portal at an address with three reads; tell what was found, and who acts.

    Raises BitrixError where it could not be looked over: nothing was found out then.
    """
    found: list[Finding] = []
    profile: GatewayProfile | None = None
    offset: timedelta | None = None
    try:
        profile = reader.profile()
        found += _of_profile(profile)
        profile.accept(address)
        page = reader.workflows.fifty()
        found.append(_counted("workflows", "lists_workflows", page.total))
        if page.time is not None and page.time.finished_at is not None:
            offset = page.time.finished_at - reader.transport.now()
        (templates,) = reader.workflow_templates.everything()
        found.append(_counted("templates", "lists_workflow_templates", templates.total))
    except _PASSING:
        raise
    except BitrixError as error:
        name = "reachable" if profile is None else "lists"
        found.append(Finding(name=name, ok=False, code=error.code, values=error.values))
    findings = Findings(
        profile=None,
        scopes=profile.scopes if profile else (),
        app=None,
        clock_offset=offset,
        server_time=None,
        findings=tuple(found),
    )
    return findings, profile


def _of_profile(profile: GatewayProfile) -> list[Finding]:
    whom: Values = {"name": profile.name} if profile.name else {"person": profile.user_id}
    code = "gateway_acts_as" if profile.name else "gateway_acts_as_nameless"
    if not profile.name and profile.user_id is None:
        code = "gateway_answers"
    found = [Finding(name="reachable", ok=True, code=code, values=whom)]
    if profile.scopes:
        has = "bizproc" in profile.scopes
        code = "key_has_permission" if has else "key_lacks_permission"
        found.append(Finding(name="scopes", ok=has, code=code, values={"permission": "bizproc"}))
    if profile.is_admin is False:
        found.append(Finding(name="administrator", ok=False, code="key_of_no_administrator"))
    if profile.may_write is False:
        found.append(Finding(name="writes", ok=False, needed=False, code="key_reads_only"))
    return found


def _counted(name: str, code: str, total: int | None) -> Finding:
    return Finding(name=name, ok=True, code=code, values={"count": total or 0})
