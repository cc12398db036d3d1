"""rq-dashboard as a process of its own: JSON only, behind a password or on loopback."""

import hmac
import ipaddress

import rq.serializers
import rq_dashboard.web
import waitress
from flask import Flask, Response, request
from rq_dashboard import default_settings
from rq_dashboard.cli import blueprint

from taskoverflow.settings import Settings, SettingsError

# rq-dashboard 0.9 shows a job's description and result unescaped; with this policy what a job
# says cannot load or send anything. Its own pages need inline scripts and styles.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def create_dashboard(settings: Settings) -> Flask:
    """The Flask application. Raises SettingsError for an open door."""
    _refuse_open_door(settings)
    _use_json_everywhere()
    app = Flask("rq_dashboard")
    app.config.from_object(default_settings)
    app.config["RQ_DASHBOARD_REDIS_URL"] = settings.redis_url
    app.config["DEPRECATED_OPTIONS"] = []
    app.register_blueprint(blueprint)
    rq_dashboard.web.setup_rq_connection(app)
    _require_password(app, settings.dashboard_password)
    app.after_request(_add_security_headers)
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


def _refuse_open_door(settings: Settings) -> None:
    host = settings.dashboard_host
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not settings.dashboard_password:
        raise SettingsError(
            f"The dashboard may not listen on {host} without a password; "
            "set TASKOVERFLOW_DASHBOARD_PASSWORD, or TASKOVERFLOW_DASHBOARD_HOST to 127.0.0.1."
        )


def _use_json_everywhere() -> None:
    """Its job page fetches jobs without a serializer, and RQ's default unpickles what is there."""
    rq.serializers.PickleSerializer = rq.serializers.JSONSerializer  # type: ignore[assignment]
    rq_dashboard.web.config.serializer = rq.serializers.JSONSerializer


def _require_password(app: Flask, password: str) -> None:
    @app.before_request
    def check_password() -> Response | None:
        given = request.authorization.password if request.authorization else None
        if not password or hmac.compare_digest((given or "").encode(), password.encode()):
            return None
        return Response("Password needed", 401, {"WWW-Authenticate": 'Basic realm="rq-dashboard"'})


def _add_security_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
