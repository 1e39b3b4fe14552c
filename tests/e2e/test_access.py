"""The page for everybody: axe finds nothing in any look, the keyboard alone goes everywhere, the phone has it all."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.learner import Learner, visit
from webui.examples import NGINX, TOMCAT

WIDE, NARROW, PHONE = (1440, 900), (1180, 800), (390, 844)
LOOKS = [
    (WIDE, "light", "en"), (WIDE, "dark", "zh"), (NARROW, "dark", "en"), (NARROW, "light", "zh"), (PHONE, "light", "en"), (PHONE, "dark", "zh"),
]  # fmt: skip


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_axe_finds_nothing(browser, server, size, theme, language):
    locale = "zh-CN" if language == "zh" else "en-GB"
    with visit(browser, server, locale=locale, width=size[0], height=size[1], color_scheme=theme, bypass_csp=True) as learner:
        assert_accessible(learner, "start")
        put(learner, size, TOMCAT)
        learner.sandbox.control("settle")
        learner.until("podlife.state().run.settled && podlife.state().step > 0")
        assert_accessible(learner, "refused")
        put(learner, size, NGINX)
        learner.steps(45)
        assert_accessible(learner, "midway")
        learner.sandbox.control("settle")
        learner.until("podlife.state().run.settled && podlife.state().run.mode === 'held'")
        assert_accessible(learner, "done")
        if size == WIDE and theme == "light":
            look_around(learner)


def put(learner: Learner, size: tuple[int, int], text: str) -> None:
    """Apply through the control API where the editor is folded away; it is the same command."""
    if size == WIDE:
        learner.write(text)
        learner.until("!document.querySelector('.cm-tooltip')")
        learner.apply()
    else:
        learner.sandbox.ask("kubectl", {"action": "apply", "files": [{"name": "file.yaml", "text": text}]})
        learner.under_way()


def look_around(learner: Learner) -> None:
    """The tabs of a Pod, the table, and each dialog."""
    learner.select(next(iter(learner.objects("pods"))))
    for name in ("object", "diff", "events", "why", "status", "decision"):
        learner.tab(name)
        assert_accessible(learner, name)
    learner.page.keyboard.press("t")
    assert_accessible(learner, "table")
    learner.page.keyboard.press("t")
    for act in ("notation", "reset"):
        learner.page.click(f'[data-act="{act}"]')
        learner.until("document.querySelector('dialog').open")
        assert_accessible(learner, act)
        learner.page.keyboard.press("Escape")
        learner.until("!document.querySelector('dialog').open")


def assert_accessible(learner: Learner, scene: str) -> None:
    found = Axe().run(learner.page, options={"resultTypes": ["violations"]}).response["violations"]
    told = [(each["id"], each["help"], [node["html"][:160] for node in each["nodes"][:3]]) for each in found]
    assert not told, f"{scene}: {told}"


def test_the_keyboard_alone_goes_from_the_editor_to_the_last_step(browser, server):
    with visit(browser, server) as learner:
        assert walk_by_tab(learner) == ["topbar", "dock", "stage-area", "inspector", "deck"]
        learner.page.locator(".cm-content").focus()
        learner.page.keyboard.press("Control+Enter")
        learner.under_way()
        learner.page.keyboard.press("Escape")
        learner.page.keyboard.press("ArrowRight")
        learner.until("podlife.state().step === 1")
        learner.page.keyboard.press("End")
        learner.until("podlife.state().run.settled && podlife.state().run.mode === 'held'", 30_000)
        learner.page.locator('.grid [tabindex="0"]').focus()
        labels = [focused(learner)]
        for _ in range(8):
            learner.page.keyboard.press("ArrowDown")
            labels.append(focused(learner))
        assert len(set(labels)) >= 4
        learner.page.keyboard.press("End")
        assert "Pod" in focused(learner) and "Running" in focused(learner)
        learner.page.keyboard.press("Enter")
        learner.until("(podlife.state().selected ?? '').startsWith('pods/')")
        learner.page.keyboard.press("Escape")
        learner.until("podlife.state().selected === null")


def focused(learner: Learner) -> str:
    return learner.page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")


def walk_by_tab(learner: Learner) -> list[str]:
    """The landmarks in the order in which Tab comes to them, from the start of the page to its end."""
    learner.page.evaluate("document.activeElement.blur()")
    places: list[str] = []
    for _ in range(80):
        learner.page.keyboard.press("Tab")
        if learner.page.evaluate("document.activeElement.closest('.cm-editor') !== null"):
            learner.page.keyboard.press("Escape")
        place = learner.page.evaluate("document.activeElement.closest('#topbar,#dock,#stage-area,#inspector,#deck')?.id ?? ''")
        if place and place not in places:
            places.append(place)
        if places[-1:] == ["deck"]:
            break
    return places


def test_the_phone_has_everything_behind_its_tabs(browser, server):
    with visit(browser, server, width=PHONE[0], height=PHONE[1], has_touch=True, is_mobile=True) as learner:
        page = learner.page
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        page.tap('[data-sheet="manifest"]')
        page.locator(".cm-content").wait_for(state="visible")
        page.tap('[data-act="apply"]')
        learner.under_way()
        page.tap('[data-act="step"]')
        learner.until("podlife.state().step === 1")
        assert "kubectl apply" in learner.words
        learner.sandbox.control("settle")
        learner.until("podlife.state().run.settled && podlife.state().run.mode === 'held'", 30_000)
        page.tap('[data-sheet="terminal"]')
        assert "deployment.apps/nginx-test created" in learner.terminal
        page.tap('[data-sheet="inspect"]')
        page.locator("#inspector-panel").wait_for(state="visible")
        page.tap('[data-sheet=""]')
        assert all(learner.place(subject) for subject in learner.objects("pods"))
        boxes = [target.bounding_box() for target in page.locator("#transport button, #tabbar button").all() if target.is_visible()]
        assert len(boxes) >= 8  # four sheets; back, play, step and more
        assert all(box["height"] >= 44 and box["width"] >= 40 for box in boxes)


def test_that_a_part_of_the_page_is_missing_is_read_out(browser, server):
    with visit(browser, server, width=NARROW[0], height=NARROW[1]) as learner:
        learner.page.route("**/*.js", lambda route: route.abort())
        learner.page.get_by_text("Shell").first.click()
        assert learner.until("document.querySelector('[role=status] > [data-act=reload]')?.textContent") == "load the page anew"
        learner.complaints.clear()  # the browser names the file that was not there
