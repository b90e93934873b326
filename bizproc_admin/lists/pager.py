"""What surrounds a list's rows: heads that sort, the pager, the choice of rows a page."""

from dataclasses import dataclass

from bizproc_admin.lists.filter_form import SIZES, FilterForm, R
from bizproc_admin.lists.paging import M, Page


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a column that sorts: order is the aria-sort it stands in."""

    label: str
    url: str
    order: str

    @property
    def current(self) -> str:
        """Return the order if the list is sorted by this head, else nothing."""
        return "" if self.order == "none" else self.order


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
    current = filters.sorted_by
    heads = {}
    for key, label in filters.HEADS.items():
        is_current = current.lstrip("-") == key
        rises = not current.startswith("-")
        if key in filters.TURNED:
            rises = not rises
        goes_up = not rises if is_current else key not in filters.GREATEST_FIRST
        sign = "" if goes_up != (key in filters.TURNED) else "-"
        heads[key] = Head(
            label=str(label),
            url=filters.query(sort=f"{sign}{key}", page=None),
            order=("ascending" if rises else "descending") if is_current else "none",
        )
    return heads


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
