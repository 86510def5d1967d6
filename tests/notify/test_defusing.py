"""The words of a server or a source in a notification wake nobody, link nowhere and format nothing."""

from __future__ import annotations

import re

import pytest

from prober.notify.alert_groups import Firing, Resolved
from prober.notify.defusing import defused
from prober.notify.links import Links
from prober.notify.message import MAX_MESSAGES, message_of, messages_of
from prober.outcome import Evidence, Symptom
from tests.notify.results import at, run

ACTED_ON = {
    "Discord, everybody": ("@everyone wake up", r"@everyone"),
    "Discord, here": ("@here", r"@here"),
    "Discord, a role": ("<@&123>", r"<@&?\d+>|@&"),
    "Discord, a person": ("<@123>", r"<@\d+>"),
    "Discord, a channel": ("<#123>", r"<#\d+>"),
    "Slack, a channel": ("<!channel> <!here> <!everyone>", r"<!\w+>"),
    "Slack, escaped once more": ("&lt;!channel&gt;", r"&lt;"),
    "Slack, a link with other words": ("<https://evil.example|log in here>", r"<https?://"),
    "a link": ("see HTTPS://evil.example/login", r"(?i)https?://"),
    "a link without a scheme": ("see www.evil.example", r"www\."),
    "Markdown, a link": ("[log in](https://evil.example)", r"\]\("),
    "Markdown, an image": ("![x](https://evil.example/pixel.png)", r"\]\(|https?://"),
    "Markdown, a reference": ("[log in][1]", r"\]\["),
    "HTML": ("<img src=x> <a href='x'>", r"<(img|a)\b"),
    "mail and telephone": ("mailto:a@evil.example tel:+1555", r"mailto:\S(?<!\u200b)|tel:\+|@evil"),
}


@pytest.mark.parametrize(("said", "acted_on"), ACTED_ON.values(), ids=ACTED_ON)
def test_what_a_messenger_acts_on_is_shown_and_inert(said: str, acted_on: str) -> None:
    assert re.search(acted_on, said)
    assert not re.search(acted_on, defused(said))
    assert defused(said).replace("\u200b", "") == said
    outcome = run("rpc_error", message=said, evidence=(Evidence(seen=said, detail=said),)).outcome
    firing = Firing(target="notes", symptom=Symptom.WRONG_ANSWER, outcomes=(outcome,), since=at(0))
    text = message_of(firing, Links()).text
    assert not re.search(acted_on, text)


@pytest.mark.parametrize(("said", "acted_on"), ACTED_ON.values(), ids=ACTED_ON)
def test_labels_and_names_are_inert_in_every_message(said: str, acted_on: str) -> None:
    failed = run("rpc_error", probe=said).outcome
    firing = Firing(target=said, symptom=Symptom.WRONG_ANSWER, outcomes=(failed, failed), since=at(0))
    ended = Resolved(target=said, symptom=Symptom.WRONG_ANSWER, probes=(said,), since=at(0), until=at(1))
    for changes in ([firing], [ended], [firing] * (MAX_MESSAGES + 1), [ended] * (MAX_MESSAGES + 1)):
        for message in messages_of(changes, Links(), lambda _target: {"team": said}):
            of_others = "\n".join(line for line in message.text.splitlines() if not line.startswith("run: "))
            assert not re.search(acted_on, f"{message.title}\n{of_others}")


@pytest.mark.parametrize(
    "said", ["expected: array", "HTTP 500: a < b", "1 @ 2", "[1, 2] (3)", "error -32000: no & none"]
)
def test_plain_words_stay_as_they_are(said: str) -> None:
    assert defused(said) == said
