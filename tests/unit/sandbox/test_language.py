"""The portal's texts in its languages."""

import re

import pytest

from sandbox import Sandbox, language


@pytest.mark.parametrize("key", sorted(language._TEXTS))
def test_every_text_has_the_same_gaps_in_both_languages(key):
    gaps = [
        sorted(re.findall(r"\{\w+\}|#\w+#", language.text(name, key)))
        for name in language.LANGUAGES
    ]
    assert gaps[0] == gaps[1]
    assert language.text("en", key).isascii()
    assert re.search("[а-я]", language.text("ru", key))


def test_what_is_put_into_a_text_is_not_read_as_a_gap():
    assert language.text("en", "named participant", name="{name}").startswith('Assignment "{name}"')


def test_the_language_is_kept_with_the_state_and_an_option_wins(tmp_path):
    path = tmp_path / "portal.state"
    with Sandbox(state=path, language="ru") as sandbox:
        sandbox.reset()
        assert sandbox.portal.language == "ru"
    with Sandbox(state=path) as sandbox:
        assert sandbox.portal.language == "ru"
        with pytest.raises(ValueError, match="none of en, ru"):
            sandbox.set_language("de")
    with Sandbox(state=path, language="en") as sandbox:
        assert sandbox.portal.language == "en"
