"""The console beside a Bitrix24 portal."""
