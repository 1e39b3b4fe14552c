"""Small things of the page that a learner meets: searching in the editor, the table's buttons, words of the machine in a caption."""

from tests.e2e.learner import visit
from webui.examples import NGINX

ALL_INSIDE = """() => {
  const edge = document.querySelector('.table-scroll').getBoundingClientRect().right;
  return [...document.querySelectorAll('.objects td:last-child button')].every((button) => button.getBoundingClientRect().right <= edge);
}"""


def test_searching_in_the_editor_comes_when_it_is_asked_for_and_speaks_chinese(browser, server):
    scripts: list[str] = []
    with visit(browser, server, locale="zh-CN") as learner:
        learner.page.on("response", lambda answer: scripts.append(answer.url))
        learner.write(NGINX)
        assert not [url for url in scripts if "searching" in url]
        learner.page.locator(".cm-content").click()
        learner.page.keyboard.press("Control+f")
        learner.until("document.querySelector('.cm-search input')?.placeholder === '查找'")
        learner.page.keyboard.type("nginx")
        learner.until("document.querySelectorAll('.cm-searchMatch').length > 3")


def test_every_row_of_the_table_can_be_deleted_without_scrolling(browser, server):
    with visit(browser, server, width=1290) as learner:
        learner.settled_with(NGINX)
        learner.page.keyboard.press("t")
        learner.until("document.querySelector('.objects td button')")
        assert learner.page.evaluate(ALL_INSIDE)


def test_a_new_sandbox_is_two_presses_away_and_the_further_examples_one(browser, server):
    with visit(browser, server) as learner:
        learner.page.click('[data-act="more-examples"]')
        learner.page.click("#add-menu >> text=probes.yaml")
        learner.until("document.querySelector('.tab[aria-selected=true]').innerText.includes('probes.yaml')")
        learner.page.click('[data-act="sandboxes"]')
        learner.page.click('[data-act="new-sandbox"]')
        learner.page.wait_for_url("**/s/lab-*/")
        learner.until("podlife.state().connection === 'online' && podlife.state().step === 0")


def test_what_was_zoomed_is_put_back_by_a_button(browser, server):
    with visit(browser, server) as learner:
        before = learner.place("etcd")
        learner.page.mouse.move(700, 300)
        learner.page.mouse.wheel(0, -600)
        learner.until("document.querySelector('[data-act=fit]')")
        assert learner.place("etcd") != before
        learner.page.click('[data-act="fit"]')
        learner.until("!document.querySelector('[data-act=fit]')")
        assert learner.place("etcd") == before
