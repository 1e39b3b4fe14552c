/** Owns what can be done to an object from the page: delete it, scale it. Each is a kubectl command. */

import { html, nothing } from "lit";
import { t } from "../i18n.js";
import { canAct, connection, following, goLive } from "../store.js";
import { send } from "../transport.js";

const SCALE_MOST = 1000;

export function deleteObject({ resource, namespace, name }, { force = false } = {}) {
  if (!following.value) goLive();
  return send({ type: "kubectl", action: "delete", resource, namespace, name, ...(force ? { force } : {}) });
}

export function scaleObject({ resource, namespace, name }, replicas) {
  if (!following.value) goLive();
  return send({ type: "kubectl", action: "scale", resource, namespace, name, replicas: Math.max(0, Math.min(SCALE_MOST, Math.round(replicas))) });
}

const why = () => (connection.value === "offline" ? t("deck.view_only") : "");
export const canDelete = (object) => object?.deletable ?? Boolean(object?.resource && object.name && object.resource !== "nodes");

export function actionsView(object) {
  if (!canDelete(object)) return nothing;
  return html`<div class="object-actions" role="group" aria-label=${t("inspector.actions")}>
    <button class="button" data-act="delete-object" ?disabled=${!canAct.value} title=${why()} @click=${() => deleteObject(object)}>${t("inspector.delete", { kind: object.kind })}</button>
    ${object.scalable ? scaleView(object) : nothing}</div>`;
}

function scaleView(object) {
  const replicas = object.replicas ?? 0;
  const to = (count) => scaleObject(object, count);
  return html`<span class="scale"><span id="scale-name">${t("inspector.replicas")}</span>
    <button class="button square" data-act="scale-down" aria-label=${t("inspector.fewer")} ?disabled=${!canAct.value || replicas <= 0} @click=${() => to(replicas - 1)}>−</button>
    <input type="number" min="0" max=${SCALE_MOST} aria-labelledby="scale-name" .value=${String(replicas)} ?disabled=${!canAct.value} @change=${(event) => event.target.value !== "" && to(Number(event.target.value))} />
    <button class="button square" data-act="scale-up" aria-label=${t("inspector.more_replicas")} ?disabled=${!canAct.value} @click=${() => to(replicas + 1)}>+</button></span>`;
}
