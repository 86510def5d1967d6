"""Notifications without Prometheus: `notify:` in the configuration, through the Apprise library.

A message is sent:
  firing      once, when a probe has failed `after` times in a row with one symptom, whatever the reasons. All
              probes of a target that fail with one symptom are one alert group and one message; a probe that joins
              the group later sends none.
              A probe of a group that then fails `after` times in a row with another symptom moves to the group of that
              symptom; the group sends a message if it is new.
              More than ten changes at one time come as two lists: what fails, and what no longer fails.
  resolved    once, when the last probe of an alert group passes. The message says how long the failure lasted.
No message is sent (prober/status.py counts the failures in a row):
  unknown     The verdict `unknown` neither adds to a streak of failures nor ends it.
  maintenance A run within a maintenance window sets the streak to zero. A failure that began in the window is reported
              after `after` failures outside of it; the end of a failure by the first run outside that passes.
  self-doubt  While the prober suspects itself, failures do not count. A message that is not sent yet waits for one more
              failure after the doubt.
  a restart   A probe that the status store shows with `after` failures has been reported before. If its last run before
              the restart was `unknown`, the status store does not show the failures, and the message is sent again.

alert_groups.py   which changes are reported: no clock, no network
message.py        the text of an alert group
links.py          the links and the command line in that text
channel.py        one URL: queue, thread, retries
apprise.py        the only file that imports Apprise
notifier.py       the Sink: results in, messages out
"""

from prober.notify.apprise import NotifyError, check
from prober.notify.links import Links
from prober.notify.notifier import Notifier

__all__ = ["Links", "Notifier", "NotifyError", "check"]
