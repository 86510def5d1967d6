"""The HTTP endpoints of the daemon: metrics, probes on scrape, a status page, an API.

    web = Web(host=…, port=…, config_file=…)      address, TLS and users
    async with web.serving(application(app_state, web)) as url: …

app.py                 puts the endpoints together; app_state.py holds what the endpoints read
metrics_endpoint.py    /metrics
probe_endpoint.py      /probe
service_discovery.py   /sd
lifecycle.py           /-/healthy, /-/ready, /-/reload
api.py                 /api/v1/…
incidents_api.py       incidents, and notes on them
pages/                 the status page and the badges
public/                the page for others, on an address of its own
middleware.py          checks every request first: basic_auth.py, allowed_hosts.py, limits
responses.py           errors, and long responses in pieces;  errors.py  what endpoints raise
web_config_file.py     the web configuration file
http_server.py         the HTTP server
"""

from prober.web.app import application
from prober.web.app_state import AppState, Loaded
from prober.web.http_server import Web
from prober.web.public import PublicPage, public_application
from prober.web.web_config_file import WebConfig, WebConfigError

__all__ = [
    "AppState",
    "Loaded",
    "PublicPage",
    "Web",
    "WebConfig",
    "WebConfigError",
    "application",
    "public_application",
]
