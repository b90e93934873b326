"""What a portal's first copy costs is paid once for the tests that begin with the same."""


def test_the_first_copy_of_a_portal_is_kept_for_other_tests(copies, portal, request):
    copies.made.clear()
    request.getfixturevalue("workflow")
    assert len(copies.made) == 1
