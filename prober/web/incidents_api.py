"""/api/v1/incidents: when targets failed, with the notes of an operator.

    GET    /api/v1/incidents?target=&since=&until=&limit=     those that go on first, then the latest
    POST   /api/v1/incidents/{id}/notes    {"text": "…"}      a note, which the public page and its feed show
    DELETE /api/v1/incidents/{id}/notes/{note}

A note is for people outside: secrets of the configuration are masked in it before it is kept.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from prober.config.model import Config
from prober.history import NoSuchIncidentError, Note, NoteRefusedError, RecordedIncident
from prober.history.notes import LONGEST_NOTE
from prober.redaction import Masked, Redactor
from prober.report.formatting import rfc3339
from prober.report.json_report import text_or_null
from prober.report.untrusted import block
from prober.web.allowed_hosts import is_cross_site
from prober.web.api import history_of
from prober.web.api_parameters import limit_parameter, parameter, time_parameter
from prober.web.app_state import AppState
from prober.web.debug_api import rfc3339_or_null
from prober.web.responses import listed, paced, parameters, refuse, streamed

_DEFAULT: Final = timedelta(days=14)
_MAX_BODY: Final = 16 * 1024
_BODY_SECONDS: Final = 10.0
_EXPECTED: Final = 'expected a JSON object such as {"text": "We are working on it."}'
_NUMBER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


def routes(app_state: AppState, *, external_url: str | None) -> list[Route]:
    """All answer 404 where the prober keeps no history."""

    async def incidents(request: Request) -> Response:
        query = parameters(request, ("target", "since", "until", "limit"))
        until = time_parameter(query, "until")
        target = parameter(query, "target")
        found = await history_of(app_state).incidents(
            since=time_parameter(query, "since") or (until or datetime.now(UTC)) - _DEFAULT,
            until=until,
            targets=None if target is None else [target],
            limit=limit_parameter(query),
        )
        texts = listed('{"incidents":[', map(_incident, found), "]}\n")
        return streamed(request, paced(texts), content_type="application/json")

    async def add(request: Request) -> Response:
        parameters(request, ())
        _refuse_other_sites(request, external_url)
        history, text = history_of(app_state), await _text(request)
        masked = await asyncio.to_thread(_masked, text, app_state.loaded().config)
        with _refusing():
            note = await history.add_note(request.path_params["incident"], masked)
        return JSONResponse(_note(note), 201)

    async def delete(request: Request) -> Response:
        parameters(request, ())
        _refuse_other_sites(request, external_url)
        number = request.path_params["note"]
        if not _NUMBER.fullmatch(number):
            raise refuse(404, "no such note")
        with _refusing():
            await history_of(app_state).delete_note(request.path_params["incident"], int(number))
        return Response(status_code=204)

    return [
        Route("/api/v1/incidents", incidents),
        Route("/api/v1/incidents/{incident}/notes", add, methods=["POST"]),
        Route("/api/v1/incidents/{incident}/notes/{note}", delete, methods=["DELETE"]),
    ]


def _refuse_other_sites(request: Request, external_url: str | None) -> None:
    if is_cross_site(request.headers, external_url=external_url):
        raise refuse(403, "a page of another site may not write notes")


@contextmanager
def _refusing() -> Iterator[None]:
    """Answers why a note was refused."""
    try:
        yield
    except NoteRefusedError as error:
        raise refuse(404 if isinstance(error, NoSuchIncidentError) else 409, str(error)) from None


async def _text(request: Request) -> str:
    """The text of a note, safe to show. The body is bounded in size and in time."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > _MAX_BODY:
                    raise refuse(413, f"the body is longer than {_MAX_BODY} bytes")
    except (TimeoutError, ClientDisconnect):
        raise refuse(408, f"the body did not come within {_BODY_SECONDS:g} s") from None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise refuse(400, _EXPECTED) from None
    if not isinstance(document, dict) or [*document] != ["text"] or not isinstance(document["text"], str):
        raise refuse(400, _EXPECTED)
    text = block(document["text"]).strip()
    if not text:
        raise refuse(400, "text: a note says something")
    if len(text) > LONGEST_NOTE:
        raise refuse(400, f"text: {len(text):,} characters are too many, a note has {LONGEST_NOTE:,} at most")
    return text


def _masked(text: str, config: Config) -> Masked:
    """In a thread: of many targets, secrets are many."""
    secrets = {secret.reveal() for target in config.targets.values() for secret in target.secrets}
    secrets |= {secret.reveal() for probe in config.probes.values() for secret in probe.secrets}
    if config.notify is not None:
        secrets |= {url.reveal() for url in config.notify.urls}
    return Redactor(secrets)(text)


def _incident(incident: RecordedIncident) -> dict[str, Any]:
    return {
        "id": incident.name,
        "target": incident.target,
        "since": rfc3339(incident.since),
        "until": rfc3339_or_null(incident.until),
        "probes": list(incident.probes),
        "symptoms": [symptom.value for symptom in incident.symptoms],
        "notes": [_note(note) for note in incident.notes],
    }


def _note(note: Note) -> dict[str, Any]:
    return {"id": note.number, "at": rfc3339(note.at), "text": text_or_null(note.text)}
