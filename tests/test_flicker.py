"""A second run is for tests marked `clock` alone, and is counted; in continuous integration a skip is a failure."""

from __future__ import annotations

import pytest

FAILS_ONCE = """
import pytest

runs = []

{mark}
@pytest.mark.parametrize("number", range({tests}))
def test_is_late(number):
    runs.append(number)
    assert runs.count(number) > {failures}
"""
CLOCK = "@pytest.mark.clock"


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:valkey -p no:asyncio -p tests.flicker -p tests.skips")
    pytester.makeini("[pytest]\nmarkers = clock: measures time\nfilterwarnings = error\n")


def write(pytester: pytest.Pytester, *, mark: str = CLOCK, tests: int = 1, failures: int = 1) -> None:
    pytester.makepyfile(FAILS_ONCE.format(mark=mark, tests=tests, failures=failures))


def test_a_clock_test_that_fails_once_passes_and_is_named_in_the_last_lines(pytester: pytest.Pytester) -> None:
    write(pytester)
    done = pytester.runpytest_inprocess("--junitxml=report.xml")
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=1)
    assert done.outlines[-3:-1] == ["flickered: 1 of at most 3", f"  {name(pytester)}::test_is_late[0]"]
    assert '<property name="flickered"' in (pytester.path / "report.xml").read_text()


def test_one_that_fails_twice_fails(pytester: pytest.Pytester) -> None:
    write(pytester, failures=2)
    done = pytester.runpytest_inprocess()
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(failed=1)
    assert done.outlines[-3] == "flickered: 1 of at most 3"


def test_any_other_test_that_fails_once_fails(pytester: pytest.Pytester) -> None:
    write(pytester, mark="")
    done = pytester.runpytest_inprocess()
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(failed=1)
    assert done.outlines[-2] == "flickered: 0 of at most 3"


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["one process", "two processes"])
@pytest.mark.parametrize(("tests", "ends"), [(3, pytest.ExitCode.OK), (4, pytest.ExitCode.TESTS_FAILED)])
def test_more_than_three_fail_the_run(
    pytester: pytest.Pytester, words: tuple[str, ...], tests: int, ends: pytest.ExitCode
) -> None:
    write(pytester, tests=tests)
    done = pytester.runpytest_inprocess(*words)
    assert done.ret == ends
    done.assert_outcomes(passed=tests)
    told = f"flickered: {tests} of at most 3" + ("; this run fails" if tests > 3 else "")
    assert done.outlines[-2 - tests] == told
    assert done.outlines[-1 - tests : -1] == [f"  {name(pytester)}::test_is_late[{n}]" for n in range(tests)]


SKIPPED = """
import pytest

def test_in_its_body():
    pytest.skip("no nginx here")

@pytest.mark.skipif(True, reason="no tmpfs here")
def test_by_a_mark():
    pass

@pytest.fixture
def browser():
    pytest.skip("no Chromium here")

def test_in_a_fixture(browser):
    pass

@pytest.mark.xfail
def test_that_is_known_to_fail():
    assert False
"""


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_a_skip_is_a_skip_on_a_desk(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    pytester.makepyfile(SKIPPED)
    done = pytester.runpytest_inprocess()
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(skipped=3, xfailed=1)


def test_a_skip_is_a_failure_in_continuous_integration(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile(SKIPPED)
    done = pytester.runpytest_inprocess()
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(failed=1, errors=2, xfailed=1)
    for why in ("no nginx here", "no tmpfs here", "no Chromium here"):
        assert f"in continuous integration a skip is a failure. Skipped: {why}" in done.stdout.str()


def test_so_is_a_file_of_tests_that_is_skipped_as_a_whole(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile("import pytest\npytest.skip('no Redis here', allow_module_level=True)")
    done = pytester.runpytest_inprocess()
    assert done.ret != pytest.ExitCode.OK
    assert "no Redis here" in done.stdout.str()


def name(pytester: pytest.Pytester) -> str:
    """Of the file that `write` wrote."""
    return next(pytester.path.glob("test_*.py")).name
