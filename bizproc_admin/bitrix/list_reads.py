"""How the rows of a list are asked for: a pass walked to its end, or given ids, with a witness."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .chunks import Chunk, Cursor, Identified, Odd
from .envelopes import BATCH_LIMIT, Call, Reply
from .errors import Incomplete, NotAdministrator, TooLong
from .filters import Filter
from .list_calls import ODD_ROWS_OF_ALL, Asks, Entry, Listing
from .passes import Got, OverlapPass, PagePass, Want
from .refusals import AccessDenied

T = TypeVar("T")
Row = TypeVar("Row", bound=Identified)


class Resource(Generic[Row]):
    """The part all lists share."""

    listing: Listing[Row]

    def __init__(self, reader: Asks) -> None:
        self._reader = reader

    @property
    def _at_once(self) -> int:
        """Count the calls of this list that go into one request, beside the witnesses."""
        return BATCH_LIMIT - len(self.listing.witnesses)

    def _ask(self, calls: Sequence[Call], *, must_see_all: bool = True) -> tuple[list[Reply], bool]:
        """Ask, and tell whether the same request proves that everything was seen.

        Raises NotAdministrator where it proves the contrary and the caller cannot do without.
        """
        witnesses = self.listing.witnesses
        try:
            replies = self._reader.ask_many([*calls, *(one.call for one in witnesses)])
        except AccessDenied as error:
            if self._refuses_others(error):
                raise NotAdministrator(error.text, method=error.method) from error
            raise
        said = zip(witnesses, replies[len(calls) :], strict=True)
        proven = all(one.proves(reply) for one, reply in said)
        if must_see_all and not proven:
            raise NotAdministrator("the witness says no", method=self.listing.method)
        return replies[: len(calls)], proven and bool(witnesses or self.listing.refuses_others)

    def _refuses_others(self, error: AccessDenied) -> bool:
        asked = [one.call.method for one in self.listing.witnesses]
        if self.listing.refuses_others:
            asked.append(self.listing.method)
        return error.vendor_code.upper() == "ACCESS_DENIED" and error.method in asked

    def _walk(
        self,
        walk: OverlapPass | PagePass,
        filter: Filter,
        *,
        at_least: int = ODD_ROWS_OF_ALL,
    ) -> Iterator[Chunk[Row]]:
        """Carry a pass to its end, one HTTP request a step; long rows make smaller steps.

        Raises Incomplete, after the rows there were, when the list breaks off.
        """
        limit = self._at_once
        while wanted := walk.wants(limit):
            narrowed = [_within(filter, want) for want in wanted]
            calls = [
                self.listing.call(want, one) for want, one in zip(wanted, narrowed, strict=True)
            ]
            try:
                replies, proven = self._ask(calls)
            except TooLong:
                if len(calls) == 1:
                    raise
                limit = len(calls) // 2
                continue
            pages = [
                self.listing.entries(reply, one)
                for reply, one in zip(replies, narrowed, strict=True)
            ]
            for page in pages:
                self.listing.refuse_mostly_odd(page, at_least=at_least)
            got = [_got(page, reply) for page, reply in zip(pages, replies, strict=True)]
            entries = {id(entry.raw): entry for page in pages for entry in page if entry.raw}
            fresh = [entries[id(raw)] for raw in walk.take(wanted, got)]
            nameless = [entry for page in pages for entry in page if entry.key is None]
            odd = tuple(one.odd for one in [*fresh, *nameless] if one.odd is not None)
            yield Chunk(
                rows=tuple(entry.row for entry in fresh if entry.row is not None),
                sent_at=replies[0].sent_at,
                requests=walk.requests,
                total=walk.total,
                complete=walk.complete,
                cursor=walk.cursor,
                time=replies[-1].time,
                edge_task_ids=frozenset(walk.edges) if isinstance(walk, PagePass) else frozenset(),
                proven=proven,
                odd=odd,
                doubtful=frozenset(one.key for one in odd if one.key is not None),
            )
        if walk.broken:
            raise Incomplete(f"of {walk.total} rows not all were given", method=self.listing.method)

    def _gathered(self, parts: Sequence["_Part[Row]"], *, requests: int) -> Chunk[Row]:
        """Put the replies about given ids into one chunk, dated by the earliest request."""
        entries = [entry for part in parts for entry in part.entries]
        rows = tuple(entry.row for entry in entries if entry.row is not None)
        odd = tuple(part.named(entry.odd) for part in parts for entry in part.entries if entry.odd)
        torn = frozenset(part.asked[0] for part in parts if part.is_torn)
        now = self._reader.transport.now()
        return Chunk(
            rows=rows,
            sent_at=min((part.reply.sent_at for part in parts), default=now),
            requests=requests,
            total=len(rows),
            complete=True,
            cursor=Cursor(requests=requests, total=len(rows), offset=0, ended=True),
            time=parts[-1].reply.time if parts else None,
            edge_task_ids=torn,
            proven=all(part.proven for part in parts),
            odd=odd,
            doubtful=torn | frozenset(one.key for one in odd),
        )

    def _by_ids(
        self,
        ids: Iterable[Any],
        *,
        size: int,
        start: int,
        must_see_all: bool = True,
        too_long: list[Any] | None = None,
    ) -> Chunk[Row]:
        """Ask for rows by their ids, so many in a call, all in as few requests as may be.

        Calls whose reply does not fit a page, or holds a row of which nobody knows whose it is,
        are halved until they do, and until it is known. What does not fit even so is read page by
        page. An id whose row alone is too long goes into too_long; without it, TooLong is raised.
        """
        groups = list(groups_of(list(dict.fromkeys(ids)), size))
        limit = self._at_once
        parts: list[_Part[Row]] = []
        requests = 0
        while groups:
            taken, groups = groups[:limit], groups[limit:]
            asked: list[Filter] = [{"ID": group} for group in taken]
            requests += 1
            try:
                replies, proven = self._ask(
                    [self.listing.call(Want(start=start), one) for one in asked],
                    must_see_all=must_see_all,
                )
            except TooLong:
                if len(taken) == 1 and len(taken[0]) == 1:
                    if too_long is None:
                        raise
                    too_long += taken[0]
                    continue
                limit = max(1, len(taken) // 2)
                groups = [*_halved(taken), *groups]
                continue
            for group, one, reply in zip(taken, asked, replies, strict=True):
                entries = self.listing.entries(reply, one)
                # With a negative start nothing is counted, and an empty page claims a next one.
                is_cut = start >= 0 and counts_more(entries, reply)
                if len(group) > 1 and (is_cut or any(entry.key is None for entry in entries)):
                    groups += _halved([group])
                elif is_cut:
                    pages = self._paged(group, one)
                    requests += len(pages)
                    parts += pages
                else:
                    parts.append(_Part(asked=group, reply=reply, entries=entries, proven=proven))
        return self._gathered(parts, requests=requests)

    def _paged(self, group: Sequence[Any], filter: Filter) -> list["_Part[Row]"]:
        """Read what one id brings page by page: torn, unless all that is counted was seen."""
        walk = PagePass(key=("ID", "USER_ID"))
        pages: list[tuple[Reply, list[Entry[Row]], bool]] = []
        seen = 0
        while wanted := walk.wants(1):
            replies, proven = self._ask([self.listing.call(wanted[0], filter)])
            entries = self.listing.entries(replies[0], filter)
            seen += len(walk.take(wanted, [_got(entries, replies[0])]))
            pages.append((replies[0], entries, proven))
        is_torn = seen != pages[-1][0].total
        return [
            _Part(asked=group, reply=reply, entries=entries, proven=proven, is_torn=is_torn)
            for reply, entries, proven in pages
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part(Generic[Row]):
    """The reply to one call that asked for ids."""

    asked: Sequence[Any]
    reply: Reply
    entries: Sequence[Entry[Row]]
    proven: bool
    is_torn: bool = False

    def named(self, odd: Odd) -> Odd:
        """Name a row that does not say whose it is: only one id was asked for then."""
        if odd.key is not None:
            return odd
        key = self.asked[0]
        return Odd(kind=odd.kind, id=odd.id or str(key), field=odd.field, code=odd.code, key=key)


def _got(entries: Sequence[Entry[Any]], reply: Reply) -> Got:
    """Return a page to a pass: the rows whose ids can be read, and who stands beside the others."""
    torn: set[int] = set()
    for place, entry in enumerate(entries):
        if entry.key is None:
            beside = entries[max(place - 1, 0) : place + 2]
            torn.update(one.key for one in beside if isinstance(one.key, int))
    return Got(
        rows=[entry.raw for entry in entries if entry.key is not None],
        total=reply.total,
        next=reply.next,
        given=len(entries),
        torn=frozenset(torn),
    )


def counts_more(entries: Sequence[Entry[Any]], reply: Reply) -> bool:
    """Return whether there is more than one page holds."""
    return reply.next is not None or _got(entries, reply).counts_more(0)


def _within(filter: Filter, want: Want) -> Filter:
    """Narrow a pass's filter to a gap, when the want is one."""
    if want.gap is None:
        return filter
    narrowed = {**filter, ">ID": want.gap.after}
    if want.gap.before is not None:
        narrowed["<ID"] = want.gap.before
    return narrowed


def _halved(groups: Sequence[list[T]]) -> Iterator[list[T]]:
    """Return the groups, or the two halves of a single one."""
    if len(groups) > 1:
        yield from groups
        return
    middle = max(1, len(groups[0]) // 2)
    yield from (half for half in (groups[0][:middle], groups[0][middle:]) if half)


def groups_of(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Return the items in groups of a size."""
    for first in range(0, len(items), size):
        yield list(items[first : first + size])
