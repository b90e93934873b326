"""The program's settings in a process that speaks the language of the tests."""

from config.settings import *  # noqa: F403
from tests import language

language.install()
language.speaking = True
