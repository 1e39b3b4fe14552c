/** Owns the start of the page: it joins the parts, connects, and offers the tests' hooks. */

import { batch, effect } from "@preact/signals-core";
import { config } from "./config.js";
import { captionView, startAnnouncing } from "./deck/caption.js";
import { Timeline } from "./deck/timeline.js";
import { startClock, transportView } from "./deck/transport-bar.js";
import { fold, startDividers } from "./dividers.js";
import { startDock } from "./editor/dock.js";
import { language, setLanguage, t } from "./i18n.js";
import { deleteObject } from "./inspector/actions.js";
import { forget } from "./inspector/data.js";
import { filesIn } from "./inspector/looked.js";
import { startInspector } from "./inspector/inspector.js";
import { startKeys } from "./keys.js";
import { mount } from "./mount.js";
import { Net, socketUrl } from "./net.js";
import { cardView, pagerView } from "./panels/cards.js";
import { dialogView, openDialog, startDialogs } from "./panels/dialogs.js";
import { tableView } from "./panels/table.js";
import { topbarView } from "./panels/topbar.js";
import { openSheet, railView, sheet, tabBarView } from "./sheets.js";
import { Stage } from "./stage/stage.js";
import { cells, connection, following, isGap, mainView, moment, offlineSince, pictureTime, ready, receive, recording, run, sandbox, selected } from "./store.js";
import { focusTerminal, terminalText, writtenText } from "./terminal/panel.js";
import { isNarrow, isPhone, startTheme } from "./theme.js";
import { useNet } from "./transport.js";

const find = (selector) => document.querySelector(selector);

function start() {
  const page = find("#page");
  setLanguage(language.value);
  startTheme();
  startDividers(page);
  const stage = new Stage(find("#stage"), { onDelete: deleteFocused });
  const timeline = new Timeline(find("#timeline"));
  startParts(page, stage);
  startKeys({
    zoomFit: () => stage.zoomFit(),
    zoomSelected: () => stage.zoomTo(stage.targets.find(({ id, subject }) => (subject ?? id) === selected.value)),
    toggleDock: () => (isNarrow.value ? openSheet("manifest") : fold(page, "dock")),
    toggleInspector: () => (isNarrow.value ? openSheet("inspect") : fold(page, "inspector")),
  });
  connect();
  offerHooks(stage, timeline);
}

function startParts(page, stage) {
  startDialogs(find("#dialog"));
  mount(find("#topbar"), () => topbarView({ openDialog }));
  mount(find("#caption"), captionView);
  mount(find("#transport"), () => transportView({ onReset: () => openDialog("reset"), onMore: () => openDialog("time") }));
  startClock(find("#transport"));
  mount(find("#rail"), railView);
  mount(find("#tabbar"), tabBarView);
  mount(find("#dialog"), dialogView);
  mount(find("#stage-card"), () => cardView({ onExample: () => isNarrow.value && (sheet.value = "manifest") }));
  mount(find("#stage-pager"), () => pagerView({ onFit: () => stage.zoomFit() }));
  mount(find("#table"), () => (mainView.value === "table" ? tableView() : ""));
  startInspector(find("#inspector .inspector-body"));
  startDock(find("#dock"), {
    showStage: () => isPhone.value && (sheet.value = ""),
    showManifest: () => isNarrow.value && (sheet.value = "manifest"),
  });
  startAnnouncing(find("#live"));
  effect(() => {
    page.dataset.sheet = sheet.value;
    page.dataset.view = mainView.value;
    page.dataset.connection = connection.value;
    page.dataset.ready = String(ready.value);
  });
  effect(translateFixed);
  const deck = find("#deck");
  new ResizeObserver(() => page.style.setProperty("--deck-height", `${deck.offsetHeight}px`)).observe(deck);
}

/** Texts that stand in the document itself: landmarks and skip links. */
function translateFixed() {
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
}

function deleteFocused(cell) {
  const object = cells("objects").get(cell.subject);
  if (object) deleteObject(object);
}

function connect() {
  const path = `${config.ws_path.replace(/\/$/, "")}/`;
  const net = new Net({
    url: socketUrl(path.endsWith("/s/") ? `${path}${encodeURIComponent(config.sandbox)}/` : path),
    cursor: () => (ready.value && recording.seq > 0 ? recording.seq : null),
    run: () => sandbox.value?.run ?? null,
    onMessage: receive,
    isGap,
    onState: (state) => batch(() => {
      if (state === "offline" && connection.value !== "offline") offlineSince.value = new Date();
      if (state === "online") forget();
      connection.value = state;
    }),
  });
  useNet(net);
  net.connect();
  addEventListener("online", () => net.wake());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && net.wake());
}

function offerHooks(stage, timeline) {
  window.podlife = {
    stage: { rectOf: (id) => stage.rectOf(id), filesIn, targets: () => stage.targets.map(({ id, label }) => ({ id, label })) },
    terminal: { text: terminalText, written: writtenText, focus: focusTerminal },
    timeline: { xOf: (step) => timeline.host.getBoundingClientRect().left + step },
    get ready() {
      return ready.value;
    },
    get clockAtRest() {
      return !pictureTime().isMoving;
    },
    state: () => ({
      sandbox: config.sandbox,
      connection: connection.value,
      seq: moment.value.seq,
      last_seq: recording.seq,
      step: moment.value.row?.step ?? 0,
      at_ms: moment.value.atMs,
      following: following.value,
      selected: selected.value,
      row: moment.value.row,
      run: run.value,
      cells: Object.fromEntries([...recording.cells].map(([name, values]) => [name, Object.fromEntries(values)])),
    }),
  };
}

start();
