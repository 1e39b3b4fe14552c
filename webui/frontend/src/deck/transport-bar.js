/** Owns the row of time controls: buttons, speed, the timeline's key, the clock. */

import { html, nothing, svg } from "lit";
import { icons, marker } from "../icons.js";
import { t } from "../i18n.js";
import { roveFocus } from "../mount.js";
import { canAct, following, isRunning, moment, pictureTime, ready, recording, run, sinceBegin } from "../store.js";
import { isPhone, isTight } from "../theme.js";
import { back, changeSpeed, clockText, first, live, replaying, setSpeed, speedText, SPEEDS, stageBack, stageNext, step, togglePacing, togglePlay } from "../transport.js";

export function transportView({ onReset, onMore }) {
  const { isLive, step: index } = moment.value;
  const atStart = index < 0;
  const isPlaying = isRunning() || replaying.value;
  const cannot = isLive && !canAct.value;
  return html`<div class="transport" role="toolbar" aria-label=${t("deck.time_controls")} @keydown=${(event) => roveToolbar(event)}>
    ${isPhone.value ? nothing : button("first", "Home", first, { disabled: atStart || !recording.length })}
    ${button("stage_back", "Shift+←", stageBack, { icon: "stageBack", disabled: atStart || !recording.length })}
    ${button("back", "←", () => back(), { disabled: atStart })}
    <button class="tool play" data-act="play" ?disabled=${cannot} title=${`${t(isPlaying ? "deck.pause" : "deck.play")} (Space)`} @click=${togglePlay}>
      ${isPlaying ? icons.pause : icons.play}<span>${t(isPlaying ? "deck.pause" : "deck.play")}</span></button>
    <button class=${`tool step ${hasSomethingToStep(isLive) ? "now" : ""}`} data-act="step" ?disabled=${cannot} title=${`${t("deck.step")} (→)`} @click=${() => step()}>
      ${icons.step}<span>${t("deck.step")}</span>${isPhone.value ? nothing : html`<kbd aria-hidden="true">→</kbd>`}</button>
    ${button("stage_next", "Shift+→", stageNext, { icon: "stageNext", disabled: cannot })}
    ${isPhone.value ? moreView(onMore) : rest(onReset, onMore)}
  </div>`;
}

/** Nothing under way at the live edge of a settled run: then Step is not the thing to press. */
const hasSomethingToStep = (isLive) => ready.value && (!isLive || !run.value.settled);

const moreView = (onMore) => html`<button class="tool" data-act="more" aria-label=${t("deck.more")} @click=${onMore}>${icons.more}</button>`;

function rest(onReset, onMore) {
  return html`
    <button class="tool word" data-act="live" title=${`${liveWord()} (End)`} @click=${live}>${icons.live}<span>${liveWord()}</span></button>
    ${isTight.value ? moreView(onMore) : speedAndReset(onReset)}
    <span class="space"></span>
    ${keyView()}
    ${clockView()}`;
}

function speedAndReset(onReset) {
  return html`<span class="bar wide-only" aria-hidden="true"></span>
    ${speedView()}
    <span class="bar wide-only" aria-hidden="true"></span>
    <button class="tool word" data-act="reset" ?disabled=${!canAct.value} @click=${onReset}>${t("deck.reset")}</button>`;
}

/** At the live edge the same key runs the cluster until nothing is left to do. */
export const liveWord = () => t(following.value ? "deck.settle" : "deck.to_live");

function button(name, key, action, { icon = name, disabled = false } = {}) {
  const label = t(`deck.${name}`);
  return html`<button class="tool" data-act=${name} aria-label=${label} title=${`${label} (${key})`} ?disabled=${disabled} @click=${action}>${icons[icon]}</button>`;
}

function roveToolbar(event) {
  if (event.target.closest('[role="slider"], select')) return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.shiftKey) return;
  roveFocus(event, "button");
}

/** A slider over powers of two, ¼ … 64×. */
export function speedView() {
  const { speed } = run.value;
  const at = SPEEDS.indexOf(speed) < 0 ? 2 : SPEEDS.indexOf(speed);
  const x = (index) => 4 + (index * 142) / (SPEEDS.length - 1);
  return html`<div class="speed"><span id="speed-name">${t("deck.speed")}</span>
    <div class="speed-slider" role="slider" tabindex="0" aria-labelledby="speed-name" aria-valuemin="0" aria-valuemax=${SPEEDS.length - 1}
      aria-valuenow=${at} aria-valuetext=${speedText(speed)} title=${`${t("deck.speed")} (− +)`} @keydown=${speedKey} @pointerdown=${speedDrag}>
      <svg viewBox="0 0 150 26" aria-hidden="true"><path d="M4 8H146" class="track" />
        ${[0, 2, 4, 6, 8].map((index) => speedTick(x(index), SPEEDS[index]))}
        <circle cx=${x(at)} cy="8" r="5" class="thumb" /></svg>
    </div>
    <button class="pacing" aria-pressed=${run.value.pacing === "clock"} title=${`${t("deck.pacing_hint")} (C)`} ?disabled=${!canAct.value} @click=${togglePacing}>${t(`deck.pacing_${run.value.pacing ?? "paced"}`)}</button>
  </div>`;
}


const speedTick = (x, speed) => svg`<path d=${`M${x} 5v6`} class="track" /><text x=${x} y="23" text-anchor="middle">${speedText(speed).replace("×", speed === 64 ? "×" : "")}</text>`;

function speedKey(event) {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  changeSpeed(by);
}

function speedDrag(event) {
  const track = event.currentTarget.getBoundingClientRect();
  const move = ({ clientX }) => {
    const share = Math.max(0, Math.min(1, (clientX - track.left - 4) / (track.width - 8)));
    const speed = SPEEDS[Math.round(share * (SPEEDS.length - 1))];
    if (speed !== run.value.speed) setSpeed(speed);
  };
  move(event);
  addEventListener("pointermove", move);
  addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
}

function keyView() {
  const names = ["user", "write", "watch", "cri", "status", "warning"];
  return html`<span class="key roomy-only" role="group" aria-label=${t("deck.timeline_key")}>${names.map((name) => html`<span>${marker(name)}${t(`marker.${name}`)}</span>`)}</span>`;
}

function clockView() {
  const playing = isRunning() || replaying.value;
  const word = playing ? "deck.running" : following.value ? "deck.held_at" : "deck.viewing";
  return html`<span class=${`clock-pill ${playing ? "is-running" : ""}`}><i aria-hidden="true"></i>${t(word)} <span class="clock" title=${t("deck.virtual_time")} .textContent=${clockText(sinceBegin(pictureTime().atMs))}></span></span>`;
}

/** The clock moves with the picture, without drawing the whole bar again. */
export function startClock(host) {
  const tickClock = () => {
    const element = host.querySelector(".clock");
    const text = clockText(sinceBegin(pictureTime().atMs));
    if (element && element.textContent !== text) element.textContent = text;
    requestAnimationFrame(tickClock);
  };
  requestAnimationFrame(tickClock);
}
