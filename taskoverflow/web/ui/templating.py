"""The templates, and what each of them may use."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from taskoverflow.web.ui import assets, dates
from taskoverflow.web.ui.messages import message
from taskoverflow.web.ui.viewer import viewer_of

# A form or a list shows what is so now: a browser must not show an older one when it goes back.
HEADERS = {"Cache-Control": "no-cache", "Vary": "Cookie"}


def icon(name: str) -> Markup:
    """One of static/icons.svg, which says nothing to who cannot see it."""
    use = Markup('<svg aria-hidden="true"><use href="{}#{}"/></svg>')
    return use.format(assets.url("icons.svg"), name)


environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
environment.globals |= {
    "t": message,
    "static": assets.url,
    "modules": assets.modules,
    "icon": icon,
}
environment.filters |= {"long_day": dates.long_day, "month_label": dates.month_label}


def render(
    request: Request,
    template: str,
    context: dict[str, Any],
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """A page, in the words and the time zone of who looks at it."""
    viewer, now = viewer_of(request), utc_now()

    def deadline(moment: datetime) -> str:
        return dates.deadline_label(moment, now, viewer)

    known = {"viewer": viewer, "now": now, "deadline": deadline, "here": _here(request)}
    known["signed_in"] = hasattr(request.state, "token_name")
    text = environment.get_template(template).render(known | context)
    return HTMLResponse(text, status, HEADERS | (headers or {}))


def utc_now() -> datetime:
    """This moment as the store keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)


def _here(request: Request) -> str:
    """The address of the page, without its host."""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
