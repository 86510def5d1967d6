"""What every run of the tests brings: second runs that are counted, skips that fail where nothing may be missing."""

from __future__ import annotations

pytest_plugins = ["pytester", "tests.flicker", "tests.skips"]
