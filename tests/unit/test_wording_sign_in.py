"""What is said to somebody who is not let in: there are words for every reason."""

import re
from pathlib import Path

import pytest

from bizproc_admin.access import portal_sign_in
from bizproc_admin.wording.sign_in import said_of

SOURCE = Path(portal_sign_in.__file__).read_text()
CODES = sorted(set(re.findall(r'SignInRefused\("(\w+)"\)', SOURCE)))


def test_the_reasons_are_found() -> None:
    assert len(CODES) > 5


@pytest.mark.parametrize("code", CODES)
def test_every_reason_has_words(code: str) -> None:
    assert said_of(code).endswith(".")
