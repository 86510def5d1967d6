"""The only file that knows Apprise: which URLs it takes, and one message handed to one of them.

Its URLs are passwords. Apprise and the libraries below it log them, whole or in part, so what they log goes nowhere;
and what they raise is never told.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Final

from prober.config.model import Notify
from prober.config.secret import Secret
from prober.notify.message import Message

Send = Callable[[Message], bool]
"""Sends a message in the calling thread, for however long that takes; whether it worked. Raises anything."""

_TALKATIVE: Final = ("apprise", "urllib3", "requests", "oauthlib", "requests_oauthlib", "slixmpp", "paho", "aprslib")
"""Loggers that are told URLs, paths or payloads."""


class NotifyProblem(ValueError):  # noqa: N818 - named as its siblings for schemas and contracts
    """The notifications of a configuration cannot be sent."""


def check(settings: Notify) -> None:
    """Raise NotifyProblem where a URL is none that Apprise takes, or where Apprise is not installed.

    The first time this imports Apprise and takes half a second.
    """
    for number, url in enumerate(settings.urls, 1):
        sender(url, number=number)


def sender(url: Secret, *, number: int) -> Send:
    """What sends to a URL, the `number`th of the configuration. Raises NotifyProblem."""
    _silence()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what its plug-ins import is deprecated here and there
            import apprise

            asset = apprise.AppriseAsset(app_id="mcp-prober", app_desc="mcp-prober", async_mode=False)
            service = apprise.Apprise(asset=asset)
            known = service.add(url.reveal())
    except ImportError:
        problem = "notify: the library that sends notifications is missing: pip install 'mcp-prober[notify]'"
        raise NotifyProblem(problem) from None
    except Exception:
        known = False  # what it says may quote the URL
    if not known:
        raise NotifyProblem(f"notify: URL {number} ({label(url)}) is none that Apprise knows how to send to")

    def send(message: Message) -> bool:
        kind = apprise.NotifyType.FAILURE if message.bad else apprise.NotifyType.SUCCESS
        text = apprise.NotifyFormat.TEXT  # so that what a server says is escaped where the service reads HTML
        return bool(service.notify(body=message.text, title=message.title, notify_type=kind, body_format=text))

    return send


def label(url: Secret) -> str:
    """What may be told of a URL: the service, such as `slack`."""
    return url.reveal().partition("://")[0][:20]


def _silence() -> None:
    """By level, and again where somebody sets that: whatever passes goes to no handler of ours."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
