"""What every test shares: where browser tests run, and what happens where there is no browser."""

import pytest

from tests import browsers


def pytest_collection_modifyitems(items):
    """Tests of tests/e2e drive a browser; they come last, so that what is quick is known first."""
    for item in items:
        if "/tests/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_runtest_setup(item):
    if item.get_closest_marker("browser") is None or browsers.chromium():
        return
    if browsers.is_required():
        pytest.fail(f"{browsers.MISSING} (PODLIFE_REQUIRE_BROWSER forbids skipping)", pytrace=False)
    pytest.skip(browsers.MISSING)
