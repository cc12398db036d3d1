"""rq-dashboard as a process of its own: JSON only, behind a password or on loopback.

rq-dashboard 0.9 trusts what jobs say and who asks. So its templates are mended as they are loaded,
each answer carries a policy that stops foreign scripts, and only its own pages may change a queue.
"""

import hmac
import re
import secrets

import rq.serializers
import rq_dashboard.web
import waitress
from flask import Flask, Response, g, request
from jinja2.ext import Extension
from rq.exceptions import NoSuchJobError
from rq_dashboard import default_settings

from taskoverflow.exposure import is_loopback, refuse_open_dashboard
from taskoverflow.settings import Settings
from taskoverflow.tokens import ApiToken, Scope, find_token

# Only scripts that carry the answer's nonce run, be they in the page or in files.
# 'unsafe-eval' is for Underscore, whose _.template() calls `new Function`: without it, every table
# says "Loading..." forever. What it compiles is the page's own templates, read before any data.
# 'unsafe-inline' is for style="…" in the pages; a whole style sheet has to be a file of ours.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'unsafe-eval'; connect-src 'self'; "
    "style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class MendedTemplates(Extension):
    """Changes the source of rq-dashboard's templates, before there is any data in it."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        """Give each script the nonce, and escape what the page's own templates insert.

        Those are Underscore's: `<%= %>` inserts as it is, `<%- %>` escapes. Two places of jobs.html
        escape by hand, with $('<div/>').text(…).html(), which would then be twice.
        """
        source = source.replace("<script", '<script nonce="{{ csp_nonce() }}"')
        source = re.sub(r"\$\('<div/>'\)\.text\((.+?)\)\.html\(\)", r"\1", source)
        return source.replace("<%=", "<%-")


def create_dashboard(settings: Settings) -> Flask:
    """The Flask application. Raises SettingsError for an open door."""
    refuse_open_dashboard(settings)
    _use_json_everywhere()
    app = Flask("rq_dashboard")
    app.config.from_object(default_settings)
    app.config["RQ_DASHBOARD_REDIS_URL"] = settings.redis_url
    app.config["DEPRECATED_OPTIONS"] = []
    _mend_templates(app)
    app.register_blueprint(rq_dashboard.web.blueprint)
    rq_dashboard.web.setup_rq_connection(app)
    app.register_error_handler(NoSuchJobError, lambda _: Response("No such job", 404))
    _guard(app, settings)
    return app


def serve_dashboard(settings: Settings) -> None:
    """Serve until told to stop. Raises OSError when the port is taken."""
    waitress.serve(
        create_dashboard(settings),
        host=settings.dashboard_host,
        port=settings.dashboard_port,
        threads=4,
        ident=None,
    )


def _use_json_everywhere() -> None:
    """Its job page fetches jobs without a serializer, and RQ's default unpickles what is there."""
    rq.serializers.PickleSerializer = rq.serializers.JSONSerializer  # type: ignore[assignment]
    rq_dashboard.web.config.serializer = rq.serializers.JSONSerializer


def _mend_templates(app: Flask) -> None:
    """Load them through MendedTemplates, and have Jinja escape in every one of them.

    Flask by itself does not in *.js, and scripts/jobs.js has '{{ queue.name }}' in its code: part
    of the URL, so that a link could bring a script, and the page would run it under its nonce.
    """
    app.jinja_options = {"autoescape": True, "extensions": [MendedTemplates]}
    app.jinja_env.globals["csp_nonce"] = _nonce


def _nonce() -> str:
    return str(g.setdefault("csp_nonce", secrets.token_urlsafe(16)))


def _guard(app: Flask, settings: Settings) -> None:
    if settings.dashboard_password or settings.tokens:
        _require_password(app, settings)
    else:
        app.before_request(_refuse_foreign_name)
    app.before_request(_refuse_foreign_change)
    app.after_request(_add_security_headers)


def _require_password(app: Flask, settings: Settings) -> None:
    password, tokens = settings.dashboard_password, settings.tokens

    @app.before_request
    def check_password() -> Response | None:
        given = (request.authorization.password if request.authorization else None) or ""
        if _is_admitted(given, password, tokens):
            return None
        return Response("Password needed", 401, {"WWW-Authenticate": 'Basic realm="rq-dashboard"'})


def _is_admitted(given: str, password: str, tokens: tuple[ApiToken, ...]) -> bool:
    """Whether that is the dashboard's password, or an API token of the scope admin."""
    if password and hmac.compare_digest(given.encode(), password.encode()):
        return True
    token = find_token(tokens, given)
    return token is not None and token.scope >= Scope.ADMIN


def _refuse_foreign_name() -> Response | None:
    """Without a password, answer to loopback's own names only.

    A foreign page whose name has come to mean 127.0.0.1 (DNS rebinding) is, to its browser, one
    of ours. Where there is a password it gets nowhere: browsers keep passwords by name.
    """
    host = re.sub(r":\d+\Z", "", request.host)
    if is_loopback(host):
        return None
    return Response("Without a password, the dashboard answers to 127.0.0.1 and localhost", 403)


def _refuse_foreign_change() -> Response | None:
    """Let no foreign page delete or requeue anything through the browser of somebody who may.

    rq-dashboard asks for no token, and its /requeue/<queue> obeys a GET: an <img> was enough.
    Pages and data change nothing, so that a link from elsewhere may lead to them.
    """
    rule = request.url_rule
    if rule is None or SAFE_METHODS.issuperset(rule.methods or ()):
        return None
    if request.method in SAFE_METHODS:
        return Response("Changes need a POST", 405, {"Allow": "POST"})
    if _is_from_foreign_page():
        return Response("Only the dashboard's own pages may do that", 403)
    return None


def _is_from_foreign_page() -> bool:
    """Whether the browser says so: in Sec-Fetch-Site, or, to a server that is neither loopback nor
    https, in Origin alone. A POST with neither is no browser's: nobody lured it here.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site != "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host


def _add_security_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(nonce=_nonce())
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
