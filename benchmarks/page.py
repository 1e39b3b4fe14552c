"""Measures the page in a real browser: time to interactive, and from Step pressed to the next frame painted.

Run it on a quiet machine: `.venv/bin/python -m benchmarks.page [--steps N]`.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

LATENCIES = """async (count) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const taken = [];
  for (let index = 0; index < count; index += 1) {
    const { seq } = podlife.state();
    const begun = performance.now();
    document.querySelector('[data-act="step"]').click();
    while (podlife.state().seq === seq && performance.now() - begun < 5000) await new Promise((resolve) => setTimeout(resolve, 1));
    if (podlife.state().seq === seq) break;
    await frame();
    taken.push(performance.now() - begun);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  return taken;
}"""
READY = "globalThis.podlife?.ready && document.documentElement.dataset.editor === 'ready'"


def step_latencies(page, count: int) -> list[float]:
    """Milliseconds from each press of Step to the frame that shows what it brought."""
    return page.evaluate(LATENCIES, count)


def time_to_interactive(page, url: str) -> float:
    """Milliseconds from navigation until the stage is drawn and the editor takes input."""
    begun = time.monotonic()
    page.goto(url)
    while not page.evaluate(READY):
        page.wait_for_timeout(5)
    return (time.monotonic() - begun) * 1000


def main() -> None:
    from tests import browsers
    from tests.servers import Server

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as data, Server(Path(data)) as server, browsers.launched() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        loads = sorted(time_to_interactive(page, server.url) for _ in range(5))
        page.click('[data-act="apply"]')
        page.wait_for_timeout(500)
        taken = step_latencies(page, steps)
    print(f"page interactive: {loads[2]:.0f} ms (median of {len(loads)}; fastest {loads[0]:.0f}, slowest {loads[-1]:.0f})")
    p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    print(f"Step pressed to frame painted: p50 {p50:.0f} ms, p95 {p95:.0f} ms, worst {max(taken):.0f} ms ({len(taken)} steps)")


if __name__ == "__main__":
    main()
