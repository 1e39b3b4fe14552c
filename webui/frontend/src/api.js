/** Owns the requests for details that do not travel with the stream: objects, checks, completion, history. */

import { config } from "./config.js";

const base = () => config.api_path.replace(/\/?$/, "/");
const sandboxPath = (rest) => `${base()}sandboxes/${encodeURIComponent(config.sandbox)}/${rest}`;

async function getJson(path, parameters, signal) {
  const query = parameters ? `?${new URLSearchParams(parameters)}` : "";
  const response = await fetch(path + query, { headers: { Accept: "application/json" }, signal });
  if (!response.ok) throw Object.assign(new Error(`${response.status} ${response.statusText}`), { status: response.status });
  return response.json();
}

async function postJson(path, body, signal) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": config.csrf },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw Object.assign(new Error(`${response.status} ${response.statusText}`), { status: response.status });
  return response.json();
}

export const getObject = (subject, seq, signal) => getJson(sandboxPath("object"), { subject, seq }, signal);
export const getInside = (subject, atMs, signal) => getJson(sandboxPath("inside"), { subject, ...(atMs === undefined ? {} : { at_ms: atMs }) }, signal);
export const getHistory = (before, limit = 2000) => getJson(sandboxPath("history"), { before, limit });
export const check = (name, text, signal) => postJson(sandboxPath("check"), { name, text }, signal);
export const getExamples = () => getJson(`${base()}examples`);
export const makeSandbox = (name) => postJson(`${base()}sandboxes`, { name });
export const getSandboxes = () => getJson(`${base()}sandboxes`);
export const getRegistry = (signal) => getJson(sandboxPath("registry"), { named: true }, signal);
export const getRepositories = (signal) => getJson(sandboxPath("repositories"), null, signal);
export const kubeconfigPath = () => sandboxPath("kubeconfig");

const completions = new Map();

/** Fields that a kind's schema allows at a path; remembered, since schemas do not change. */
export function getCompletion(apiVersion, kind, path) {
  const key = `${apiVersion}|${kind}|${path}`;
  if (!completions.has(key)) {
    const answer = getJson(`${base()}schema/completion`, { apiVersion, kind, path }).catch(() => {
      completions.delete(key);
      return { fields: [] };
    });
    completions.set(key, answer);
  }
  return completions.get(key);
}
