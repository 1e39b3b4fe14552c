/** Owns the cards that stand on the stage while there is no picture to cover: the first step, a sandbox that is gone. */

import { html, nothing } from "lit";
import { addFile, examples } from "../editor/documents.js";
import { say, t } from "../i18n.js";
import { rich } from "../mount.js";
import { isMoved, nodePage, turnPage } from "../stage/stage.js";
import { cells, gone, ready, run } from "../store.js";
import { isNarrow, isPhone } from "../theme.js";

const ON_CARD = 3; // the others are behind "More…" and the editor's "+"

export function cardView({ onExample }) {
  if (gone.value) return html`<div class="card" role="alert"><h2>${t("card.gone")}</h2><p>${say(gone.value)}</p><div class="card-actions"><button class="button" @click=${() => location.reload()}>${t("card.again")}</button><a class="button" href="/">${t("card.home")}</a></div></div>`;
  if (!ready.value) return html`<p class="stage-note">${t("deck.loading_words")}</p>`;
  if (!isEmpty()) return nothing;
  return html`<div class="card first-card"><p>${rich(t(isPhone.value ? "card.first_phone" : "card.first"))}</p>
    <div class="card-actions">${examples.value.slice(0, ON_CARD).map((example) => html`<button class="button" title=${example.name} @click=${() => (addFile(example.name, example.text), onExample())}>${say(example.title) || example.name}</button>`)}
    ${examples.value.length > ON_CARD && !isNarrow.value ? html`<button class="button" popovertarget="add-menu" data-act="more-examples">${t("card.more")}</button>` : nothing}</div></div>`;
}

/** More than twelve nodes are turned over by the dozen; what was zoomed or moved is put back. */
export function pagerView({ onFit }) {
  const fit = isMoved.value ? html`<button class="button fit" data-act="fit" title="0" @click=${onFit}>${t("stage.fit")}</button>` : nothing;
  return html`${fit}${pagesView()}`;
}

function pagesView() {
  const { page, pages } = nodePage.value;
  if (pages < 2) return nothing;
  return html`<div class="pager" role="group" aria-label=${t("stage.node_pages")}>
    <button class="icon-button" aria-label=${t("stage.page_back")} @click=${() => turnPage(-1)}>‹</button>
    <span>${t("stage.page_of", { n: page + 1, total: pages })}</span>
    <button class="icon-button" aria-label=${t("stage.page_on")} @click=${() => turnPage(1)}>›</button></div>`;
}

/** Nothing of the learner's is in the cluster, and nothing is on its way. */
function isEmpty() {
  if (!run.value.settled) return false;
  return ![...cells("objects").values()].some((object) => object.on_shelf || object.resource === "pods");
}
