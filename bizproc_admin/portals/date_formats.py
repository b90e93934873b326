"""How a portal writes dates: a setting of its own, which no read tells."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo


@dataclass(frozen=True, kw_only=True)
class DateFormat:
    """One way of writing a day, and a day with its time."""

    day: str
    clock: str = "%H:%M:%S"

    def written_day(self, value: date) -> str:
        """Write a day."""
        return value.strftime(self.with_year(value))

    def written_moment(self, value: datetime, *, zone: tzinfo) -> str:
        """Write a moment as the portal's own clock shows it; OverflowError at the ends of time."""
        there = value.astimezone(zone)
        text = there.strftime(f"{self.with_year(there)} {self.clock}")
        return text.replace("AM", "am").replace("PM", "pm")

    def with_year(self, value: date) -> str:
        """Return how the day is written, its year in four digits: strftime writes 99 as "99"."""
        return self.day.replace("%Y", f"{value.year:04}")

    def read_day(self, text: str) -> date | None:
        """Read a day, or the day of a moment; None for what is neither."""
        try:
            return datetime.strptime(text.strip().split(" ")[0], self.day).date()  # noqa: DTZ007
        except ValueError:
            return None

    def read_moment(self, text: str, *, zone: tzinfo) -> datetime | None:
        """Read a moment of the portal's own clock; a day alone is its first moment."""
        for form in (f"{self.day} {self.clock}", f"{self.day} %H:%M", self.day):
            try:
                return datetime.strptime(text.strip().upper(), form).replace(tzinfo=zone)
            except ValueError:
                continue
        return None


# by the portal's own name for it, in the order a form offers them
DATE_FORMATS = {
    "d.m.Y": DateFormat(day="%d.%m.%Y"),
    "d/m/Y": DateFormat(day="%d/%m/%Y"),
    "d-m-Y": DateFormat(day="%d-%m-%Y"),
    "m/d/Y": DateFormat(day="%m/%d/%Y", clock="%I:%M:%S %p"),
    "Y-m-d": DateFormat(day="%Y-%m-%d"),
    "Y/m/d": DateFormat(day="%Y/%m/%d"),
}
USUAL = "d.m.Y"


def format_of(name: str) -> DateFormat:
    """Return the format of a name; the usual one for what is none."""
    return DATE_FORMATS.get(name, DATE_FORMATS[USUAL])
