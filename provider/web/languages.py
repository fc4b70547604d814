"""The languages of the console: which one a person gets, what is said in it, how it writes numbers and dates."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provider.late import Late
from provider.messages import Message, translate

if TYPE_CHECKING:
    import babel
    from babel import dates, numbers, support
    from babel.messages import mofile, pofile
else:
    babel, dates, numbers = Late("babel"), Late("babel.dates"), Late("babel.numbers")
    support = Late("babel.support")
    mofile, pofile = Late("babel.messages.mofile"), Late("babel.messages.pofile")

SOURCE: Final = "en"
"""The language in which templates and code are written."""

LANGUAGES: Final[Mapping[str, str]] = {SOURCE: "English", "id": "Bahasa Indonesia"}
"""The languages that there are, each by its own name."""

CATALOGUES: Final = Path(__file__).parent / "locales"

_FORMATS: Final = {SOURCE: "en_GB", "id": "id"}
"""Where a language is written in several ways: with the day before the month, and 24 hours."""

_FORMER_CODES: Final = {"in": "id"}
"""Some browsers still send the code that a language had once."""

_SMALLEST_SHARE: Final = 0.001


class Language:
    """A language: its messages, and its ways of writing numbers and dates."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.name = LANGUAGES[code]

    @cached_property
    def _locale(self) -> "babel.Locale":
        return babel.Locale.parse(_FORMATS[self.code])

    @property
    def translations(self) -> "support.NullTranslations":
        """Its messages. A catalogue takes 5 MB and a tenth of a second to read, so the first who wants it waits."""
        return _translations(self.code)

    def say(self, text: str) -> str:
        """Say a message. What is none, such as what Traefik told, stays as it is, and so does all that is English.

        So the sentence is the same at every door, and here too: REST and commands speak no other language.
        """
        return str(text) if self.code == SOURCE else translate(text, self.translations.gettext, self.number)

    def counted(self, one: str, many: str, count: int) -> str:
        """Say a message of a template about one thing or many, with their number (`num`) as the language writes it."""
        return self.translations.ngettext(one, many, count).replace("%(num)d", self.number(count))

    def declared(self, text: str) -> str:
        """Say a text that stands in a declaration: a title, a help, a word of a choice.

        `TCP router` is also said within sentences, where it is `router TCP`: a title has a capital where ours has one.
        """
        said = self.translations.gettext(text) if text else ""
        return said[:1].upper() + said[1:] if text[:1].isupper() else said

    def sentence(self, text: str) -> str:
        """Say a message as a sentence of its own: with a capital, unless it begins with a value, and a full stop."""
        said = self.say(text)
        if self._begin(text)[:1].islower():
            said = said[:1].upper() + said[1:]
        return said if said.endswith((".", "!", "?", "…")) else said + "."

    def _begin(self, text: str) -> str:
        """Return the template with which a message begins: its own, or that of the message that it begins with."""
        if not isinstance(text, Message):
            return ""
        template = self.translations.gettext(text.template)
        first = text.values.get(template.partition("}")[0][1:]) if template.startswith("{") else None
        return self._begin(first) if isinstance(first, Message) else template

    def number(self, value: float) -> str:
        return numbers.format_decimal(value, locale=self._locale)

    def percent(self, share: float) -> str:
        """Write a share, 0 to 1, in percent with at most one decimal place. What is not nothing never looks so."""
        if 0 < share < _SMALLEST_SHARE:
            return "< " + self.percent(_SMALLEST_SHARE)
        return numbers.format_percent(share, format="#,##0.#%", locale=self._locale)

    def moment(self, when: datetime) -> str:
        """Write a date with its time, in UTC."""
        return dates.format_datetime(when.astimezone(UTC), "d MMM y, HH:mm:ss", locale=self._locale) + " UTC"

    def ago(self, when: datetime, now: datetime) -> str:
        """Write how long ago something was, or when it will be: 5 minutes ago, in 3 hours."""
        return dates.format_timedelta(when - now, add_direction=True, locale=self._locale)

    def span(self, since: datetime, now: datetime) -> str:
        """Write for how long something has been so: 5 minutes."""
        return dates.format_timedelta(now - since, locale=self._locale)


def load() -> dict[str, Language]:
    return {code: Language(code) for code in LANGUAGES}


def catalogue_path(code: str) -> Path:
    return CATALOGUES / code / "LC_MESSAGES" / "messages.po"


@cache
def _translations(code: str) -> "support.NullTranslations":
    if code == SOURCE:
        return support.NullTranslations()
    with catalogue_path(code).open("rb") as file:
        catalogue = pofile.read_po(file, locale=code)
    compiled = BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    return support.Translations(compiled)


def choose(chosen: str | None, accepted: str) -> str:
    """Return the code of the language for a person: as chosen, else as the browser wishes, else English.

    `accepted` is the header `Accept-Language` (RFC 9110); it may be anything that somebody sends.
    """
    if chosen is not None and chosen in LANGUAGES:
        return chosen
    for wished in _wishes(accepted):
        if wished in LANGUAGES:
            return wished
    return SOURCE


def _wishes(accepted: str) -> list[str]:
    """Return the languages, without their regions, the dearest first; those of one weight as they stand."""
    weighed = []
    for part in accepted.split(","):
        tag, _, weight = part.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weighed.append((_weight(weight), _FORMER_CODES.get(primary, primary)))
    weighed.sort(key=lambda wish: -wish[0])
    return [wished for weight, wished in weighed if weight > 0]


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 0.0 if parameter.strip() else 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
