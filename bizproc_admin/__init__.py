"""The console beside a Bitrix24 portal."""

__version__ = "0.1.0"
