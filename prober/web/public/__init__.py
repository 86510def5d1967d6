"""The page for others: how the servers stand, for those who use them, on an address of its own.

    web = Web(host=…, port=…, external_url=…)
    async with web.serving(public_application(app_state, web, PublicPage(…))) as url: …

public_page.py   what the operator chose: address, groups, which targets
conditions.py    operational, degraded, down, in maintenance, no data: what is said of a target, and under which name
overview.py      how all of them stand, made anew every few seconds, whoever asks
shown.py         the values of the page
feed.py          incidents as an Atom feed
app.py           the endpoints: the page, badges, the feed, the style sheet, and nothing else

What stands here is meant for everybody: no address, no reason, no message or evidence of a server. Of a failure it says
the symptom, and what the operator wrote. It runs no script and takes nothing from those who look.
"""

from prober.web.public.app import public_application
from prober.web.public.public_page import PublicPage

__all__ = ["PublicPage", "public_application"]
