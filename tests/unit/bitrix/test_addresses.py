"""One strict reader of addresses: what it takes, what it takes off, and all it refuses."""

import pytest
import requests

from bizproc_admin.bitrix import addresses


@pytest.mark.parametrize(
    "written",
    [
        "https://acme.bitrix24.com/rest/",
        "  https://acme.bitrix24.com/rest/\n",
        "\u200bhttps://acme.\u200dbitrix24.com/rest/\ufeff",
        "<https://acme.bitrix24.com/rest/>",
        '"https://acme.bitrix24.com/rest/"',
        "«https://acme.bitrix24.com/rest/»",
        "\u201chttps://acme.bitrix24.com/rest/\u201d",
        "https://acme.bitrix24.com:443/rest/",
        "https://acme.bitrix24.com./rest/",
        "HTTPS://Acme.Bitrix24.COM/rest/",
    ],
)
def test_what_clings_to_a_pasted_address_is_taken_off(written):
    address = addresses.read(written)
    assert (address.origin, address.path) == ("https://acme.bitrix24.com", "/rest/")
    assert address.port is None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1\\.bitrix24.com",
        "127.0.0.1\\@acme.bitrix24.com",
        "127.0.0.1%2F.bitrix24.com",
        "127.0.0.1%00.bitrix24.com",
        "%61cme.bitrix24.com",
        "acme@127.0.0.1",
        "acme:secret@acme.bitrix24.com",
        "acme.bitrix24.com@127.0.0.1",
        "\uff41cme.bitrix24.com",
        "acme\u3002bitrix24\u3002com",
        "acme\uff0ebitrix24.com",
        "портал.bitrix24.com",
        "ac me.bitrix24.com",
        "ac\tme.bitrix24.com",
        "ac\rme.bitrix24.com",
        "ac\nme.bitrix24.com",
        "ac\x00me.bitrix24.com",
        "acme_.bitrix24.com",
        "-acme.bitrix24.com",
        "acme..bitrix24.com",
        "acme.bitrix24.com..",
        ".bitrix24.com",
        "",
        "[::1]",
        "acme.bitrix24.com:",
        "acme.bitrix24.com:0",
        "acme.bitrix24.com:99999",
        "acme.bitrix24.com:443:443",
        "acme.bitrix24.com:4\u0663",
        "127.0.0.1;.bitrix24.com",
        "127.0.0.1,.bitrix24.com",
        "a" * 64 + ".bitrix24.com",
        ("a" * 60 + ".") * 5 + "bitrix24.com",
    ],
)
def test_a_host_is_letters_digits_dots_and_hyphens_and_nothing_else(host):
    assert addresses.read(f"https://{host}/rest/1/abcdefgh/") is None


@pytest.mark.parametrize(
    "written",
    [
        "acme.bitrix24.com",
        "//acme.bitrix24.com/",
        "https:acme.bitrix24.com",
        "https:/acme.bitrix24.com",
        "ftp://acme.bitrix24.com/",
        "javascript://acme.bitrix24.com/",
        "https://acme.bitrix24.com/a/../b",
        "https://acme.bitrix24.com/a\\b",
        "https://acme.bitrix24.com/a%2e%2e/b",
    ],
)
def test_what_is_no_plain_address_of_http_is_refused(written):
    assert addresses.read(written) is None


@pytest.mark.parametrize(
    "written",
    ["https://acme.bitrix24.com:8443/a-b/rest/1/x_y-z/", "http://localhost:8400/rest/1/x/"],
)
def test_what_it_reads_the_connection_reads_alike(written):
    address = addresses.read(written)
    sent_to = requests.Request("POST", f"{address.origin}{address.path}").prepare()
    assert sent_to.url == written
