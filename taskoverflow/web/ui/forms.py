"""What the pages' forms send, and where an answer leads."""

from collections.abc import Mapping

from starlette.responses import RedirectResponse


def way_back(given: Mapping[str, str]) -> str:
    """The page that a form was sent from, as its field `back` says: an address of ours, or /."""
    back = given.get("back", "/")
    # Not what a browser would take for another host's: //host, /\host, and controls it leaves out.
    ours = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if ours else "/"


def redirect_back(given: Mapping[str, str]) -> RedirectResponse:
    """303: the form is done with, and a reload does not send it again."""
    return RedirectResponse(way_back(given), status_code=303)
