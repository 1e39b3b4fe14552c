"""What the first page costs: bytes of script, time to be usable, and from a press to the next painted frame."""

import statistics
import urllib.request

from benchmarks.page import step_latencies
from tests.e2e.learner import visit
from webui.examples import NGINX

MOST_SCRIPT_BYTES = 300_000
MOST_STEP_MS = 1000  # generous: a loaded machine; benchmarks/page.py measures


def test_the_scripts_of_the_first_page_are_small(browser, server):
    scripts: list[str] = []
    with visit(browser, server) as learner:
        learner.page.on("response", lambda answer: scripts.append(answer.url) if answer.url.endswith(".js") else None)
        learner.open()
    assert any("editor" in url for url in scripts) and any("main" in url for url in scripts)
    assert sum(map(compressed_size, sorted(set(scripts)))) < MOST_SCRIPT_BYTES


def compressed_size(url: str) -> int:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        return len(answer.read())


def test_a_step_is_painted_soon_after_its_press(browser, server):
    with visit(browser, server) as learner:
        learner.write(NGINX)
        learner.apply()
        taken = step_latencies(learner.page, 40)
    assert len(taken) == 40
    assert statistics.quantiles(taken, n=20)[-1] < MOST_STEP_MS
