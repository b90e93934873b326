"""The authorisation server: signing in to the portal, codes, tokens, and what it says of them.

https://apidocs.bitrix24.com/settings/oauth/index
"""
