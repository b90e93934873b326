"""Texts of the portal as safe HTML."""

import re
import time
from html.parser import HTMLParser

import pytest

from bizproc_admin.templatetags.descriptions import TAGS, excerpt, is_long, render

PORTAL = "https://northwind.example.com"
REL = 'target="_blank" rel="noopener noreferrer nofollow"'


def shown(text):
    return render(text, portal_address=PORTAL)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("Проверьте договор", "Проверьте договор"),
        ("one\ntwo\r\nthree", "one<br>two<br>three"),
        ("[b]bold[/b] [I]it[/I] [u]un[/u] [s]st[/s]", "<b>bold</b> <i>it</i> <u>un</u> <s>st</s>"),
        ("<b>bold</b> <em>it</em>", "<b>bold</b> <em>it</em>"),
        ("[b]one [i]two[/b] three[/i]", "<b>one <i>two</i></b><i> three</i>"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("array[i] = <Name>", "array[i] = &lt;Name&gt;"),
        ("[b]never closed", "[b]never closed"),
        ("[color=#ff0000]red[/color]", "red"),
        ("[list][*]one[*]two[/list]", "<ul><li>one</li><li>two</li></ul>"),
        ("[list=1]\n[*]one\n[*]two\n[/list]\nafter", "<ol><li>one</li><li>two</li></ol>after"),
        ("[*]one", "• one"),
        ("<ul>\n<li>one</li>\n<li>two</li>\n</ul>", "<ul><li>one</li><li>two</li></ul>"),
        ("<p>one</p><p>two</p>", "one<br><br>two"),
        ("one<br />\ntwo", "one<br>two"),
        ("<div>one</div>", "one"),
        ("a\n\n\n\n\nb", "a<br><br>b"),
    ],
)
def test_harmless_markup_is_shown_and_the_rest_is_text(text, html):
    assert shown(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[url=https://a.example/x?y=1&z=2]A[/url]", "https://a.example/x?y=1&amp;z=2"),
        ("[url]https://a.example/[/url]", "https://a.example/"),
        ('<a href="https://a.example/" onclick="x()">A</a>', "https://a.example/"),
        ("[url=mailto:a@example.com]A[/url]", "mailto:a@example.com"),
        ("[url=/crm/deal/details/7/]A[/url]", f"{PORTAL}/crm/deal/details/7/"),
        ("[user=14]Olga[/user]", f"{PORTAL}/company/personal/user/14/"),
    ],
)
def test_a_link_opens_elsewhere_and_tells_nothing(text, html):
    assert f'<a href="{html}" ' in shown(text)
    assert shown(text).endswith("</a>")
    assert set(re.findall(r'\w+="[^"]*"', REL)) <= set(re.findall(r'\w+="[^"]*"', shown(text)))


HOSTILE = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=javascript:alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext></p><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<b onmouseover=alert(1) style='position:fixed' class=button id=main>x</b>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='//evil.example/'>x</a>",
    "<a href='/\\evil.example/'>x</a>",
    "<a href='\\\\evil.example'>x</a>",
    "<a href='https:evil'>x</a>",
    "<a href='http://['>x</a>",
    "[url=javascript:alert(1)]x[/url]",
    "[url]javascript:alert(1)[/url]",
    "[url=//evil.example]x[/url]",
    "[url=https://a.example/\" onclick=\"alert(1)]x[/url]",
    "[url=https://a.example/'><script>alert(1)</script>]x[/url]",
    "[url][b]https://a.example/[/b][/url]",
    "[user=14' onclick='alert(1)]x[/user]",
    "[user=../../evil]x[/user]",
    "[b]<script>[/b]alert(1)</script>",
    "<form action=/sign-out/><button>x</button></form>",
    "<iframe src=https://evil.example></iframe>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example>",
    "<link rel=stylesheet href=https://evil.example>",
    "<!--><script>alert(1)</script>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "</div></main><h1>Signed out</h1>",
    "<b hx-get=/sign-out/ data-hx-post=/x hx-trigger=load data-dialog>x</b>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
]  # fmt: skip


class Reading(HTMLParser):
    """What a browser would find in it: tags and attributes."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "around", ["{}", "[b]{}[/b]", "[list][*]{}[/list]", "<b>{}", "[url={}]x[/url]"]
)
def test_hostile_input_leaves_nothing_but_harmless_tags(text, around):
    reading = Reading()
    reading.feed(shown(around.format(text)))
    assert reading.tags <= TAGS
    for tag, name, value in reading.attributes:
        assert (tag, name) in {("a", "href"), ("a", "target"), ("a", "rel")}
        if name == "href":
            assert re.match(r"(https?://(?!\[)|mailto:)", value)
            assert value.startswith((PORTAL, "https://a.example", "mailto:")), value


@pytest.mark.parametrize("piece", ["[b]", "[/b]", "[url=", "<b", "<", "[list][*]", "\n", "[url]"])
def test_a_long_text_takes_no_long_time(piece):
    started = time.process_time()
    shown(piece * 20_000)
    assert time.process_time() - started < 3


@pytest.mark.parametrize("piece", ["[list][*]", "<ul><li>", "[b][i]", "<div><p>"])
def test_a_deep_nest_takes_no_long_time_either(piece):
    closing = {"[list][*]": "[/list]", "[b][i]": "[/i][/b]"}.get(piece, "")
    started = time.process_time()
    shown(piece * 20_000 + closing * 20_000)
    assert time.process_time() - started < 3


def test_a_text_nobody_reads_to_its_end_is_cut_and_marked():
    text = render("word " * 10_000)
    assert text.endswith("word …")
    assert len(text) < 31_000
    assert "…" not in render("word " * 5_000)


def test_without_a_portal_its_paths_lead_nowhere():
    assert "href" not in render("[url=/crm/]x[/url]")


def test_nested_addresses_and_blanks_do_not_grow_with_their_square():
    began = time.monotonic()
    nested = render("[url]" * 4000 + "x" + "[/url]" * 4000)
    blanks = render("a" + " " * 100_000 + "b")
    assert len(nested) < 300_000
    assert len(blanks) < 200_000
    assert time.monotonic() - began < 2


def test_a_long_text_is_folded_and_begins_without_its_markup():
    text = "[b]Прошу[/b] согласовать &lt;договор&gt;<br>" + "и приложение к нему " * 1500
    assert is_long(text)
    assert is_long("строка\n" * 40)
    assert not is_long("Прошу согласовать договор.")
    begun = excerpt(text)
    assert begun.startswith("Прошу согласовать <договор> и приложение")
    assert len(begun) == 500
