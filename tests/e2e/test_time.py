"""Time under the learner's hand: play, pause, back, forward, stages, speed, reset; and coming back after a break."""

import json
import signal

from tests.e2e.learner import Learner, Sandbox, visit
from tests.servers import Server
from webui.examples import NGINX

MOMENT = "(({cells, run, following, last_seq, ...rest}) => rest)(podlife.state())"


def picture(learner: Learner) -> str:
    return json.dumps(learner.state()["cells"], sort_keys=True)


def resting_clock(learner: Learner) -> str:
    """What the clock shows once it has run to the moment of the step; it is written a frame later."""
    learner.until("podlife.clockAtRest")
    learner.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return learner.page.locator(".clock").inner_text()


def step_number(learner: Learner) -> int:
    return learner.now()["step"]


def test_back_and_forward_shows_the_same_picture_again(browser, server):
    with visit(browser, server) as learner:
        learner.apply()
        learner.steps(40)
        taken = {40: picture(learner)}
        for step in range(39, 29, -1):
            learner.page.keyboard.press("ArrowLeft")
            assert step_number(learner) == step
            taken[step] = picture(learner)
        assert len(set(taken.values())) > 5
        for step in range(31, 41):
            learner.page.keyboard.press("ArrowRight")
            assert step_number(learner) == step
            assert picture(learner) == taken[step]
        assert learner.now()["following"]


def test_the_time_controls_go_where_they_say(browser, server):
    with visit(browser, server) as learner:
        learner.apply()
        learner.steps(3)
        stage = learner.now()["row"]["stage"]
        learner.page.keyboard.press("Shift+ArrowRight")
        learner.until(f"podlife.state().row.stage !== '{stage}'")
        reached = step_number(learner)
        learner.page.keyboard.press("Shift+ArrowLeft")
        learner.until(f"podlife.state().step < {reached}")
        learner.page.keyboard.press("Home")
        learner.until("podlife.state().step === 0")
        assert not learner.objects("deployments")
        learner.page.keyboard.press("End")
        learner.until(f"podlife.state().step === {reached}")
        learner.page.keyboard.press("+")
        learner.until("podlife.state().run.speed === 2")
        learner.page.keyboard.press("-")
        learner.until("podlife.state().run.speed === 1")
        learner.page.keyboard.press("c")
        learner.until("podlife.state().run.pacing === 'clock'")
        learner.page.keyboard.press("c")
        learner.until("podlife.state().run.pacing === 'paced'")


def test_play_moves_and_pause_holds(browser, server):
    with visit(browser, server) as learner:
        learner.apply()
        learner.page.keyboard.press("Space")
        learner.until("podlife.state().run.mode === 'running' && podlife.state().step >= 3")
        learner.page.keyboard.press("k")
        learner.until("podlife.state().run.mode === 'held'")
        held = learner.now()["seq"]
        learner.page.wait_for_timeout(900)
        assert learner.now()["seq"] == held
        learner.settle()
        assert len(learner.objects("pods")) == 2


def test_the_timeline_is_a_slider_by_keyboard(browser, server):
    with visit(browser, server) as learner:
        learner.apply()
        learner.steps(12)
        slider = learner.page.locator("#timeline .slider")
        slider.focus()
        learner.page.keyboard.press("ArrowLeft")
        learner.until("podlife.state().step === 11")
        learner.until("document.querySelector('#timeline .slider').getAttribute('aria-valuenow') === '11'")
        assert "11" in slider.get_attribute("aria-valuetext")
        learner.page.keyboard.press("Home")
        learner.until("podlife.state().step === 0")
        learner.page.keyboard.press("End")
        learner.until("podlife.state().step === 12")


def test_reset_begins_anew(browser, server):
    with visit(browser, server) as learner:
        learner.settled_with(NGINX)
        learner.page.click('[data-act="reset"]')
        learner.page.click('[data-act="reset-now"]')
        learner.until("podlife.state().step === 0 && podlife.state().run.totalSteps === 0")
        assert not learner.objects("pods") and not learner.objects("deployments")
        learner.until("document.querySelector('.clock').innerText === '00:00:00.000'")


def test_a_reload_and_a_second_page_stand_at_the_same_moment(browser, server):
    with visit(browser, server) as learner:
        learner.apply()
        learner.steps(25)
        moment, cells = learner.page.evaluate(MOMENT), picture(learner)
        clock = resting_clock(learner)
        learner.open()
        assert learner.page.evaluate(MOMENT) == moment
        assert picture(learner) == cells
        assert resting_clock(learner) == clock
        with visit(browser, server, sandbox=learner.sandbox) as other:
            assert other.page.evaluate(MOMENT) == moment
            learner.step()
            other.until("podlife.state().step === 26")
            assert picture(other) == picture(learner)


def test_a_killed_server_is_found_again_and_nothing_is_lost(browser, tmp_path):
    with Server(tmp_path) as first:
        port = first.url.rstrip("/").rpartition(":")[2]
        sandbox = Sandbox(first.url)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        learner = Learner(context.new_page(), sandbox).open()
        learner.apply()
        learner.steps(30)
        moment, cells = learner.page.evaluate(MOMENT), picture(learner)
        first.end(signal.SIGKILL)
        learner.until("podlife.state().connection === 'offline'")
        assert learner.page.locator('[data-act="apply"]').is_disabled()
    with Server(tmp_path, "--port", port):
        learner.until("podlife.state().connection === 'online'", 30_000)
        assert learner.page.evaluate(MOMENT) == {**moment, "connection": "online"}
        assert picture(learner) == cells
        rows = learner.steps(10)
        assert [row["step"] for row in rows] == list(range(31, 41))
    context.close()
