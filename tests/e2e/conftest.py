"""The browser and the server that tests in this folder drive."""

import pytest

from tests import browsers
from tests.servers import Server


@pytest.fixture(scope="session")
def browser():
    with browsers.launched() as found:
        yield found


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server of its own data folder, started as a user starts it."""
    with Server(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def page(browser, server):
    context = browser.new_context(base_url=server.url, locale="en-GB", viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()
