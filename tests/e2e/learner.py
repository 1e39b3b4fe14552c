"""A learner at the page: opens a sandbox of their own, presses what a person presses, and reads what the page shows.

Playwright's own waits evaluate texts inside the page, which the page's content policy forbids; `until` looks by itself.
"""

import itertools
import json
import re
import urllib.error
import urllib.request
from contextlib import contextmanager

from playwright.sync_api import Page

NUMBERS = itertools.count(1)
UNFILLED = re.compile(r"\{\w+\}")
WAIT_MS = 10_000
UNTIL = """([text, limit]) => new Promise((resolve) => {
  const test = TESTS; const end = performance.now() + limit;
  const look = () => {
    let value = null;
    try { value = test(); } catch { value = null; }
    if (value || performance.now() > end) return resolve(value ?? null);
    setTimeout(look, 8);
  };
  look();
})"""


def call(url: str, body=None, *, method: str | None = None, accept: str = "application/json"):
    """One HTTP request; the decoded answer. A refusal is raised as urllib's HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept": accept}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as answer:
        text = answer.read().decode()
    return json.loads(text) if text.startswith(("{", "[")) else text

PRESS_STEP = """async (count) => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 4));
  const rows = [];
  for (let index = 0; index < count; index += 1) {
    const before = podlife.state().seq;
    const end = performance.now() + 10000;
    let pressed = -1000;
    while (podlife.state().seq === before && !(index && podlife.state().run.settled) && performance.now() < end) {
      if (performance.now() - pressed > 600) {
        document.querySelector('[data-act="step"]').click();
        pressed = performance.now();
      }
      await pause();
    }
    const { row, run } = podlife.state();
    const words = document.querySelector("#caption .words").innerText;
    if (row) rows.push({ ...row, words, isSettled: run.settled });
    if (run.settled) break;
  }
  return rows;
}"""


class Sandbox:
    """A sandbox of one test, by way of the control API and of its Kubernetes endpoint."""

    def __init__(self, url: str, name: str = "", **settings):
        self.base = url.rstrip("/")
        self.name = name or f"e2e-{next(NUMBERS)}"
        if not name:
            call(f"{self.base}/api/sandboxes", {"name": self.name, "seed": 7, **settings})
        self._server = ""

    def ask(self, path: str, body=None):
        return call(f"{self.base}/api/sandboxes/{self.name}/{path}", body)

    def control(self, action: str, value=None) -> None:
        self.ask("control", {"action": action, "value": value})

    def object_at(self, subject: str, seq: int) -> dict:
        return self.ask(f"object?subject={subject}&seq={seq}")

    def get(self, path: str, *, accept: str = "application/json"):
        """GET of the Kubernetes endpoint, with the address that the kubeconfig names."""
        if not self._server:
            self._server = re.search(r"server: (\S+)", self.ask("kubeconfig"))[1]
        return call(self._server + path, accept=accept)

    def items(self, path: str) -> list[dict]:
        return self.get(path)["items"]

    def table(self, path: str) -> list[dict]:
        """What `kubectl get` prints, a dict a row."""
        found = self.get(path, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
        names = [column["name"] for column in found["columnDefinitions"]]
        return [dict(zip(names, row["cells"], strict=True)) for row in found["rows"]]


class Learner:
    """One browser page on one sandbox, with all that the browser complained of."""

    def __init__(self, page: Page, sandbox: Sandbox):
        self.page, self.sandbox = page, sandbox
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)

    def _heard(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request) -> None:
        if not request.url.startswith((self.sandbox.base, "data:", "blob:")):
            self.foreign.append(request.url)

    # -- looking --------------------------------------------------------------------------------------------------

    def until(self, test: str, limit: int = WAIT_MS):
        """Wait for a JavaScript expression to become true; returns its value."""
        value = self.page.evaluate(UNTIL.replace("TESTS", f"() => ({test})"), ["", limit])
        assert value, f"never came true: {test}"
        return value

    def state(self, *names: str) -> dict:
        """What the page says of itself; `names` are the collections of cells wanted, all without any."""
        wanted = json.dumps(names)
        return self.page.evaluate(
            f"() => {{ const s = podlife.state(); const n = {wanted}; if (!n.length) return s;"
            " return {...s, cells: Object.fromEntries(n.map((name) => [name, s.cells[name] ?? {}]))}; }"
        )

    def now(self) -> dict:
        return self.page.evaluate("() => { const {cells, ...rest} = podlife.state(); return rest; }")

    def objects(self, resource: str) -> dict[str, dict]:
        found = self.state("objects")["cells"]["objects"]
        return {subject: cell for subject, cell in found.items() if cell["resource"] == resource}

    @property
    def words(self) -> str:
        return self.page.locator("#caption .words").inner_text()

    @property
    def terminal(self) -> str:
        """What the terminal shows and has shown; it is loaded when it is first seen."""
        self.until("document.documentElement.dataset.terminal === 'ready' && podlife.terminal.text()")
        return self.page.evaluate("podlife.terminal.written()")

    def place(self, thing: str) -> dict | None:
        return self.page.evaluate("(id) => podlife.stage.rectOf(id)", thing)

    # -- doing ----------------------------------------------------------------------------------------------------

    def open(self) -> "Learner":
        self.page.goto(f"{self.sandbox.base}/s/{self.sandbox.name}/")
        self.until("podlife.ready && document.documentElement.dataset.editor === 'ready'", 30_000)
        return self

    def write(self, text: str) -> None:
        """Put a manifest into the editor as a paste does."""
        editor = self.page.locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Escape")

    def act(self, selector: str) -> None:
        """Press what starts something; time is held, so it waits for the next Step."""
        self.page.click(selector)
        self.under_way()

    def under_way(self) -> None:
        self.until("!podlife.state().run.settled")

    def apply(self) -> None:
        self.act('[data-act="apply"]')

    def step(self, *, by_key: bool = False) -> dict:
        """Press Step once and wait for what it brings; the state after it, without cells."""
        before = self.now()["seq"]
        if by_key:
            self.page.keyboard.press("ArrowRight")
        else:
            self.page.click('[data-act="step"]')
        self.until(f"podlife.state().seq > {before} || podlife.state().run.settled")
        return self.now()

    def steps(self, count: int) -> list[dict]:
        """Press the Step button so often, or until nothing is left to do; the row of each, with the words then shown."""
        return self.page.evaluate(PRESS_STEP, count)

    def settle(self) -> None:
        self.page.click('[data-act="live"]')
        self.until("podlife.state().run.settled && podlife.state().run.mode === 'held'", 30_000)

    def settled_with(self, text: str) -> None:
        """Apply a manifest and let everything come to rest."""
        self.write(text)
        self.apply()
        self.settle()

    def select(self, subject: str) -> None:
        """Click a thing on the stage."""
        box = self.place(subject)
        assert box, f"{subject} is not on the stage"
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)
        self.until(f"podlife.state().selected === {json.dumps(subject)}")

    def tab(self, name: str) -> str:
        """Open a tab of the inspector; its panel's text once it is loaded."""
        self.page.click(f"#tab-{name}")
        self.until("!/^(Loading…|加载中…)$/.test(document.querySelector('#inspector-panel').innerText.trim())")
        return self.page.locator("#inspector-panel").inner_text()


@contextmanager
def visit(browser, server, *, sandbox: Sandbox | None = None, locale: str = "en-GB", width: int = 1440, height: int = 900, **options):
    """A learner in a browser profile of their own; whatever the browser complained of fails the test."""
    context = browser.new_context(locale=locale, viewport={"width": width, "height": height}, **options)
    try:
        learner = Learner(context.new_page(), sandbox or Sandbox(server.url))
        yield learner.open()
        assert not learner.complaints
        assert not learner.foreign
    finally:
        context.close()


def is_whole(caption: str) -> bool:
    """A caption with words, an actor, and no name left unfilled."""
    return len(caption) > 10 and "**" in caption and not UNFILLED.search(caption)
