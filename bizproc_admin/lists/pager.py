"""What surrounds a list's rows: heads that sort, the pager, the choice of rows a page."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bizproc_admin.lists.filter_form import SIZES, FilterForm, R
from bizproc_admin.lists.paging import M, Page

# how a column of texts is sorted
TEXT_ORDERS = (_("A to Z"), _("Z to A"))


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order of a list: text says it, "longest first"."""

    text: str
    url: str
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a column that sorts.

    url is where a click leads, order the aria-sort it stands in; orders are both ways it sorts,
    the one that shows the greatest first where that is the usual.
    """

    key: str
    label: str
    url: str
    order: str
    orders: list[Order]

    @property
    def current(self) -> str:
        """Return the order if the list is sorted by this head, else nothing."""
        return "" if self.order == "none" else self.order

    @property
    def said(self) -> str:
        """Return the order in words if the list is sorted by this head, else nothing."""
        return next((order.text for order in self.orders if order.is_current), "")


@dataclass(frozen=True, kw_only=True)
class Size:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Pager:
    """The addresses of the pages around one, empty where there is none."""

    first: int
    last: int
    total: int
    previous_url: str
    next_url: str
    first_url: str
    last_url: str
    sizes: list[Size]


def heads_of(filters: FilterForm[R]) -> dict[str, Head]:
    """Return each head that sorts, by its key."""
    return {key: head_of(filters, key) for key in filters.HEADS if filters.is_sort(key)}


def head_of(filters: FilterForm[R], key: str) -> Head:
    """Return one head: what it shows rises, or falls, from the top down."""
    current = filters.sorted_by
    is_current, is_turned = current.lstrip("-") == key, key in filters.TURNED
    rises = current.startswith("-") == is_turned
    texts = filters.ORDERS.get(key, TEXT_ORDERS)

    def url(*, rising: bool) -> str:
        sign = "" if rising != is_turned else "-"
        return filters.query(sort=f"{sign}{key}", page=None)

    orders = [
        Order(text=str(text), url=url(rising=rising), is_current=is_current and rises == rising)
        for rising, text in zip((True, False), texts, strict=True)
    ]
    goes_up = not rises if is_current else key not in filters.GREATEST_FIRST
    return Head(
        key=key,
        label=str(filters.HEADS[key]),
        url=url(rising=goes_up),
        order=("ascending" if rises else "descending") if is_current else "none",
        orders=orders[::-1] if key in filters.GREATEST_FIRST else orders,
    )


def pager_of(filters: FilterForm[R], page: Page[M]) -> Pager:
    """Return the addresses of the pages around one, all anchored at the same newest row."""

    def url(number: int | None) -> str:
        if number is None:
            return ""
        return filters.query(page=number if number > 1 else None, upto=page.upto or None)

    return Pager(
        first=page.first,
        last=page.last,
        total=page.total,
        previous_url=url(page.previous_number),
        next_url=url(page.next_number),
        first_url=url(1) if page.number > 2 else "",
        last_url=url(page.last_number) if (page.last_number or 0) > page.number + 1 else "",
        sizes=[
            Size(
                label=str(size),
                url=filters.query(size=size, page=None, upto=None),
                is_current=size == page.size,
            )
            for size in SIZES
        ],
    )
