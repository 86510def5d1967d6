"""The daemon over HTTP: metrics, probes on scrape, a status page, an API.

    web = Web(host=…, port=…, config_file=…)      who may ask, and where
    async with web.serving(application(desk, web)) as url: …

`app` puts the endpoints together: `exposition` (/metrics), `probing` (/probe), `discovery` (/sd), `lifecycle` (/-/…),
`api` (/api/v1/…), `pages/` (the status page). `gate` stands before all of them, with `users` and `hosts`; `config`
reads the web configuration file; `listener` serves.
"""

from prober.web.app import application
from prober.web.config import WebConfig, WebConfigError
from prober.web.desk import Desk
from prober.web.listener import Web

__all__ = ["Desk", "Web", "WebConfig", "WebConfigError", "application"]
