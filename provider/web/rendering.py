"""Pages made of templates: in a person's language and theme, with what every page has."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from provider import control_plane
from provider.late import Late
from provider.models import MESSAGE_LENGTH
from provider.security.access import Person, Principal
from provider.version import VERSION
from provider.web import languages, notices, paths
from provider.web.forms import Form, check_secret, field_id
from provider.web.languages import LANGUAGES, Language
from provider.web.linking import linked
from provider.web.navigation import NAVIGATION
from provider.web.notices import Notice, Tone
from provider.web.reasons import TIMES

if TYPE_CHECKING:
    import jinja2
else:
    jinja2 = Late("jinja2")  # with the first page: a service without visitors does not hold its 3 MB

FOLDER: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent / "static"

LANGUAGE_COOKIE: Final = "language"
THEME_COOKIE: Final = "theme"

# htmx keeps to the policy that pages get: no style and no script of its own making. No page is kept in the
# browser's storage, where it would outlive the session. What is refused with 422 is the form again, with words.
_HTMX: Final = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "422", "swap": True},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}


class Theme(StrEnum):
    """How the console looks. `auto` follows the system."""

    LIGHT = "light"
    DARK = "dark"
    AUTO = "auto"


class Templates:
    """The templates, once for each language. Whoever is logged in is `request.state.person`, if anybody is."""

    def __init__(self, known: Mapping[str, Language], folders: Sequence[Path] = (FOLDER,)) -> None:
        self._languages = known
        self._environment = cache(lambda code: _environment(known[code], folders))

    def language(self, request: Request) -> Language:
        """Return the language in which a request is answered."""
        accepted = ",".join(request.headers.getlist("accept-language"))
        return self._languages[languages.choose(request.cookies.get(LANGUAGE_COOKIE), accepted)]

    def render(self, request: Request, name: str, values: Mapping[str, Any]) -> str:
        language = self.language(request)
        template = self._environment(language.code).get_template(name)
        return template.render({**_context(request, language), **values})


def render(request: Request, name: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Answer a request with a template.

    `values` are the template's own; every template also has what `_context` gives. For htmx, to put into a page
    that is open, a template may be a part of a page: one that the page itself includes.
    """
    templates = _templates(request)
    response = HTMLResponse(templates.render(request, name, values), status)
    if not is_part(request) and not is_live(request):
        notices.take_away(request, response)
    return response


def is_part(request: Request) -> bool:
    """Tell whether htmx asks for a part of a page."""
    return "hx-request" in request.headers


def is_live(request: Request) -> bool:
    """Tell whether a page asks for itself again, because something changed in the world."""
    return "x-live-update" in request.headers


def language_of(request: Request) -> Language:
    return _templates(request).language(request)


def _templates(request: Request) -> Templates:
    return control_plane.find_part(request, Templates)


def say(request: Request, text: str) -> str:
    return language_of(request).say(text)


def sentence(request: Request, text: str) -> str:
    return language_of(request).sentence(text)


def redirect(request: Request, path: str, notice: Notice | None = None) -> RedirectResponse:
    """Lead to another page after a form was taken: it is asked for with GET. What happened is told there."""
    response = RedirectResponse(path, 303)
    if notice is not None:
        language = language_of(request)
        said = (language.sentence if notice.tone is Tone.GOOD else language.say)(notice.text)  # the rest are errors
        notices.leave(request, response, replace(notice, text=said))
    return response


@cache
def static(name: str) -> str:
    """Return the path of a static file. It changes when the file does, so that no browser keeps an old one."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:10]}"


def theme(request: Request) -> Theme:
    chosen = request.cookies.get(THEME_COOKIE)
    return Theme(chosen) if chosen in set(Theme) else Theme.AUTO


def _context(request: Request, language: Language) -> dict[str, Any]:
    """Return what every template has.

    `here` is the path and query of the page, for links and forms that lead back to it; after a form was sent
    and refused it is the form's own page, which has the path to which it is sent. `newest_event` is the id of the
    newest event when the page was asked for. `alarms` is what is wrong, the gravest first, and `pending` what is rolled
    back unless somebody confirms it, for those who may read.
    """
    query = request.url.query if request.method == "GET" else ""
    person: Person | None = getattr(request.state, "person", None)
    principal: Principal | None = getattr(request.state, "principal", None)
    grant = None if principal is None else principal.grant
    # There is no app where a request was refused before it came so far.
    is_told = "app" in request.scope and grant is not None and not is_part(request)
    plane = control_plane.find(request) if is_told else None
    return {
        "language": language,
        "languages": LANGUAGES,
        "theme": theme(request),
        "themes": list(Theme),
        "path": request.url.path,
        "here": f"{request.url.path}?{query}" if query else request.url.path,
        "navigation": NAVIGATION,
        "person": person,
        "may_change": grant is not None and grant.allows("write"),
        "may_administer": grant is not None and grant.allows("admin"),
        "notice": None if is_part(request) else notices.find(request),
        "alarms": () if plane is None else plane.alarms.list_known(),
        "pending": () if plane is None else plane.confirmations.pending,
        "newest_event": getattr(request.state, "newest_event", ""),
        "form": Form(),
    }


def within(title: str) -> str:
    """Return a title as it stands within a sentence: without its capital, unless it is an abbreviation."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _environment(language: Language, folders: Sequence[Path]) -> "jinja2.Environment":
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]  # of i18n
        language.translations.gettext, language.counted, newstyle=True
    )
    made.filters |= {
        "say": language.say,
        "sentence": language.sentence,
        "declared": language.declared,
        "within": within,
        "linked": linked,
        "number": language.number,
        "percent": language.percent,
        "moment": language.moment,
        "ago": lambda when: language.ago(when, datetime.now(UTC)),
        "span": lambda since: language.span(since, datetime.now(UTC)),
    }
    made.globals |= {
        "version": VERSION,
        "longest_message": MESSAGE_LENGTH,
        "confirm_times": TIMES,
        "htmx_config": json.dumps(_HTMX),
        "static": static,
        "with_query": paths.with_query,
        "object_path": paths.object_path,
        "field_id": field_id,
        "check_secret": check_secret,
    }
    return made
