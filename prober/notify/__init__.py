"""Tells people of a change without Prometheus: `notify:` in the configuration, through the Apprise library.

When something is told:
  failing     A probe that fails so many times in a row (`after`, whatever the reasons) is told once. All probes of a
              target that fail for one reason are one alert group and one message: those that join later are in it
              silently. A probe that is told of and then fails as often in a row for another reason moves to that
              reason's group, which is told if it is new.
              More than ten changes at one time come as one list of what fails and one of what does not any more.
  well again  When the last probe of an alert group passes, once, with how long it lasted.
And when nothing is:
  (The status store counts failures in a row; see prober/status.py.)
  unknown     Runs that could not tell neither count nor interrupt the counting.
  maintenance A run that was due in a maintenance window begins the counting anew: what fails is told `after` failures
              later than its end, what ended in it when the first run after it passes.
  self-doubt  While the prober suspects itself failures do not count. What was about to be told waits for one more
              failure after the doubt.
  a restart   What has failed for `after` runs by the status store was told before. A run that could not
              tell, right before the restart, hides that; then it is told again.

alert_groups.py   what is told and what is not: no clock, no network
message.py        an alert group in words
channel.py         one URL: a queue, a thread, another try
apprise.py        the only file that knows the library
notifier.py       the Sink that holds them together
"""

from prober.notify.apprise import NotifyProblem, check
from prober.notify.notifier import Notifier

__all__ = ["Notifier", "NotifyProblem", "check"]
