"""What every test shares: what it is marked as, where browser tests run, and what happens where there is no browser."""

import gc
import time

import pytest

from tests import browsers
from webui.setup import suite

SLOW = (
    "/tests/webui/", "/tests/kubectl/", "/tests/clients/", "/tests/setup/test_command_line",
    "/tests/worker/test_recovery", "/tests/worker/test_kill", "/tests/worker/test_boots", "/tests/worker/test_custom_kinds",
    "/tests/test_architecture", "/tests/apiserver/test_openapi_protobuf",
)
WHOLE_CLUSTERS = (   # run a cluster from its boot on, most of their tests several times: that adds up
    *(f"/tests/kubelet/test_{name}." for name in ("image_behaviour", "images", "volumes", "start_and_end", "troubles", "pressure", "sidecars",
                                                   "hooks", "proc", "static_pods", "resizes")),
    *(f"/tests/controllers/test_{name}." for name in ("statefulset", "daemonset", "deployment", "replicaset", "job", "cronjob", "disruption",
                                                       "persistent_volumes", "quotas_and_protection", "lost_node", "attach_detach")),
    "/tests/network/test_services.", "/tests/network/test_guestbook.", "/tests/picture/test_projector.", "/tests/runtime/shell/test_table.",
)
QUICK = ("test_guards", "test_door", "test_connection", "test_confinement", "test_filters", "test_parser")  # of these folders, what asks no server


def pytest_ignore_collect(collection_path, config):
    """The unit suite does not look where it would deselect everything."""
    if config.option.markexpr == suite.UNIT and collection_path.parent.name == "tests" and collection_path.name in suite.NO_UNITS:
        return True
    return None


def _once():
    """pytest-django does this anew for each of thousands of tests; none here sends mail, swaps URLs or apps, asks for sites or is a TestCase."""


_dj_autoclear_mailbox = pytest.fixture(scope="session", name="_dj_autoclear_mailbox")(_once)
_django_clear_site_cache = pytest.fixture(scope="session", name="_django_clear_site_cache")(_once)
_django_isolate_apps = pytest.fixture(scope="session", name="_django_isolate_apps")(_once)
_django_set_urlconf = pytest.fixture(scope="session", name="_django_set_urlconf")(_once)
_django_setup_unittest = pytest.fixture(scope="session", name="_django_setup_unittest")(_once)
_live_server_helper = pytest.fixture(scope="session", name="_live_server_helper")(_once)
_template_string_if_invalid_marker = pytest.fixture(scope="session", name="_template_string_if_invalid_marker")(_once)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported and collected stays to the end: the garbage collector need not look through it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items):
    """Mark what drives a browser, what starts servers and what holds against recordings; the unit suite comes first."""
    for item in items:
        path = item.path.as_posix()
        if "/tests/e2e/" in path:
            item.add_marker(pytest.mark.browser)
        elif "/tests/conformance/" in path:
            item.add_marker(pytest.mark.conformance)
        elif _is_slow(item, path):
            item.add_marker(pytest.mark.slow)
    items.sort(key=_turn)


def _is_slow(item, path: str) -> bool:
    """Whether a test starts a server, a whole cluster, a sandbox's worker on a database, or reads all that there is."""
    if any(place in path for place in WHOLE_CLUSTERS):
        return True
    if any(place in path for place in SLOW):
        return item.path.stem not in QUICK
    return "/tests/worker/" in path and item.get_closest_marker("django_db") is not None


class Stopwatch:
    """How long each file's tests took, their fixtures and pytest's own work included: the next run is shared out by that."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self.began = time.perf_counter()

    def pytest_runtest_logfinish(self, nodeid):
        now = time.perf_counter()
        name = nodeid.partition("::")[0]
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.began
        self.began = now

    def pytest_runtestloop(self):
        self.began = time.perf_counter()

    def pytest_sessionfinish(self, session):
        known = session.config.cache.get(suite.SECONDS, {})
        session.config.cache.set(suite.SECONDS, known | {name: round(spent, 3) for name, spent in self.seconds.items()})


def pytest_configure(config):
    if config.option.markexpr == suite.UNIT and getattr(config, "cache", None) is not None:
        config.pluginmanager.register(Stopwatch(), "stopwatch")


def _turn(item) -> int:
    return next((turn for turn, mark in ((3, "browser"), (2, "conformance"), (1, "slow")) if item.get_closest_marker(mark)), 0)


def pytest_runtest_setup(item):
    if item.get_closest_marker("browser") is None or browsers.chromium():
        return
    if browsers.is_required():
        pytest.fail(f"{browsers.MISSING} (PODLIFE_REQUIRE_BROWSER forbids skipping)", pytrace=False)
    pytest.skip(browsers.MISSING)
