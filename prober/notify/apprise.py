"""The only file that imports Apprise: it checks a URL and sends one message to it.

Its URLs are passwords. Apprise and the libraries below it log URLs, whole or in part: their loggers are silenced, and
the texts of their exceptions are never shown.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Final

from prober.config.fields.secret import Secret
from prober.config.model import Notify
from prober.notify.message import Message

Send = Callable[[Message], bool]
"""Sends a message in the calling thread, without a time limit; returns whether it was sent. Raises anything."""

_LOGGERS_WITH_URLS: Final = (
    "apprise",
    "urllib3",
    "requests",
    "oauthlib",
    "requests_oauthlib",
    "slixmpp",
    "paho",
    "aprslib",
)
"""Loggers whose records hold URLs, paths or payloads."""


class NotifyError(ValueError):
    """The notifications of a configuration cannot be sent."""


def check(settings: Notify) -> None:
    """Raise NotifyError where Apprise does not know a URL, or is not installed.

    The first call imports Apprise and takes half a second.
    """
    for number, url in enumerate(settings.urls, 1):
        sender(url, number=number)


def sender(url: Secret, *, number: int) -> Send:
    """The function that sends to a URL, the `number`th of the configuration. Raises NotifyError."""
    _silence_loggers()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some plug-ins import deprecated modules
            import apprise

            asset = apprise.AppriseAsset(app_id="mcp-prober", app_desc="mcp-prober", async_mode=False)
            service = apprise.Apprise(asset=asset)
            known = service.add(url.reveal())
    except ImportError:
        message = "notify: the library that sends notifications is missing: pip install 'mcp-prober[notify]'"
        raise NotifyError(message) from None
    except Exception:
        known = False  # the text of the exception may quote the URL
    if not known:
        raise NotifyError(f"notify: URL {number} ({label(url)}) is none that Apprise knows how to send to")

    def send(message: Message) -> bool:
        kind = apprise.NotifyType.FAILURE if message.bad else apprise.NotifyType.SUCCESS
        text = apprise.NotifyFormat.TEXT  # escapes server text for services that read HTML
        return bool(service.notify(body=message.text, title=message.title, notify_type=kind, body_format=text))

    return send


def label(url: Secret) -> str:
    """The part of a URL that is no secret: the service, such as `slack`."""
    return url.reveal().partition("://")[0][:20]


def _silence_loggers() -> None:
    """Silence by level and by propagation: some plug-ins set the level of their logger again."""
    for name in _LOGGERS_WITH_URLS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
