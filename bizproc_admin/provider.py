"""Bitrix24 as one of allauth's providers: where a browser is sent, with a state only it holds.

What comes back is for signing_in: a person is (the portal's member_id, the number there) and has
one account by LinkedPerson, so allauth's own table of accounts elsewhere stays empty.
"""

from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter

from bizproc_admin.models import Portal

PROVIDER = "bitrix24"


def app_of(portal: Portal) -> SocialApp:
    """Give a portal's application as allauth wants it: never saved, and without the secret."""
    return SocialApp(
        provider=PROVIDER,
        name=portal.name,
        client_id=portal.client_id,
        settings={"authorize_url": f"{portal.address.rstrip('/')}/oauth/authorize/"},
    )


class Bitrix24Adapter(OAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Where sign-in begins; the code is exchanged by signing_in, with this program's own client."""

    provider_id = PROVIDER
    access_token_url = ""

    @property
    def authorize_url(self) -> str:
        return str(self.app.settings["authorize_url"])


class Bitrix24Provider(OAuth2Provider):  # type: ignore[misc]  # likewise
    id = PROVIDER
    name = "Bitrix24"
    account_class = ProviderAccount
    oauth2_adapter_class = Bitrix24Adapter

    def get_oauth2_adapter(self, request: Any) -> Bitrix24Adapter:
        adapter = Bitrix24Adapter(request)
        adapter.app = self.app
        return adapter


provider_classes = [Bitrix24Provider]
