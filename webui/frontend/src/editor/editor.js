/** Owns the code editor: CodeMirror with YAML, the server's errors under their lines, completion and hover by schema. */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, hoverTooltip, keymap, lineNumbers, placeholder, WidgetType } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { effect, untracked } from "@preact/signals-core";
import { check, getCompletion } from "../api.js";
import { config } from "../config.js";
import { language, say, t } from "../i18n.js";
import { loadPart } from "../store.js";
import { fieldAt, placeAt } from "./yaml-path.js";
import { openFile, openName, outside, problems, setProblems, setText } from "./documents.js";

const CHECK_DELAY_MS = 300;

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--ink-3)" },
  { tag: [tags.string, tags.number, tags.bool, tags.content, tags.null], color: "var(--ink)", fontWeight: "500" },
  { tag: [tags.comment, tags.meta], color: "var(--ink-3)" },
  { tag: tags.keyword, color: "var(--ink-2)" },
]);

export class Editor {
  /** actions: onApply(), onLeave() */
  constructor(host, actions) {
    this.actions = actions;
    this.labels = new Compartment();
    this.searching = new Compartment();
    this.states = new Map();
    this.view = new EditorView({ parent: host, state: this.stateFor(openFile.value?.text ?? "") });
    this.name = openFile.value?.name ?? "";
    effect(() => {
      outside.value;
      openName.value;
      untracked(() => this.openCurrent());
    });
    effect(() => {
      language.value;
      untracked(() => this.view.dispatch({ effects: this.labels.reconfigure(labels()) }));
      untracked(() => this.showProblems());
    });
    this.checkSoon();
  }

  stateFor(text) {
    return EditorState.create({ doc: text, extensions: this.extensions() });
  }

  extensions() {
    return [
      lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
      highlightActiveLine(), yaml(), syntaxHighlighting(colours), lintGutter(), problemField,
      autocompletion({ override: [complete], icons: false }), hoverTooltip(describe, { hoverTime: 300 }),
      keymap.of([
        { key: "Mod-Enter", run: () => (this.actions.onApply(), true) },
        { key: "F8", run: nextDiagnostic },
        { key: "Mod-f", run: () => (this.search(), true) },
        ...completionKeymap, ...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab,
      ]),
      EditorView.domEventHandlers({ keydown: (event) => this.onKey(event) }),
      EditorView.updateListener.of((update) => update.docChanged && this.changed()),
      this.labels.of(labels()),
      this.searching.of([]),
      EditorState.tabSize.of(2),
    ];
  }

  /** Esc leaves the editor first, so that Tab moves on from it. */
  onKey(event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector(".cm-tooltip-autocomplete, .cm-panels .cm-search")) return false;
    this.actions.onLeave();
    return true;
  }

  /** Searching comes when it is first asked for: few manifests are long. */
  async search() {
    const { open, searching } = await loadPart(() => import("./searching.js"));
    this.view.dispatch({ effects: this.searching.reconfigure(searching) });
    open(this.view);
  }

  openCurrent() {
    const file = openFile.value;
    if (!file) return;
    if (this.name && this.name !== file.name) this.states.set(this.name, this.view.state);
    const known = this.states.get(file.name);
    if (this.name !== file.name || this.view.state.doc.toString() !== file.text) {
      this.name = file.name;
      this.view.setState(known && known.doc.toString() === file.text ? known : this.stateFor(file.text));
    }
    this.showProblems();
    this.checkSoon();
  }

  changed() {
    setText(this.name, this.view.state.doc.toString());
    this.checkSoon();
  }

  checkSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.checkNow(), CHECK_DELAY_MS);
  }

  async checkNow() {
    const [name, text] = [this.name, this.view.state.doc.toString()];
    this.abort?.abort();
    this.abort = new AbortController();
    if (!text.trim()) return this.found(name, text, []);
    try {
      const { errors } = await check(name, text, this.abort.signal);
      this.found(name, text, errors ?? []);
    } catch {
      // No answer is no error in the manifest: what was said before stands until the server is back.
    }
  }

  found(name, text, errors) {
    setProblems(name, errors);
    if (name === this.name && text === this.view.state.doc.toString()) this.showProblems();
  }

  showProblems() {
    const errors = problems.value.get(this.name) ?? [];
    const { doc } = this.view.state;
    const diagnostics = errors.map((error) => diagnosticOf(doc, error, (fix) => this.applyFix(fix)));
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
    this.view.dispatch({ effects: setNotes.of(errors.map((error) => ({ error, fix: (fix) => this.applyFix(fix) }))) });
  }

  applyFix(fix) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: fix.text } });
    this.view.focus();
  }

  focus() {
    this.view.focus();
  }
}

const labels = () => [
  EditorView.contentAttributes.of({ "aria-label": t("editor.label"), lang: "en", tabindex: "0" }),
  placeholder(t("editor.placeholder")),
  EditorState.phrases.of(language.value === "zh" ? config.phrases : {}),
];

function offsetOf(doc, line, column) {
  const at = doc.line(Math.max(1, Math.min(doc.lines, line || 1)));
  return Math.min(at.to, at.from + Math.max(0, (column || 1) - 1));
}

function diagnosticOf(doc, error) {
  const from = offsetOf(doc, error.line, error.column);
  const to = error.end_line ? offsetOf(doc, error.end_line, error.end_column) : doc.lineAt(from).to;
  return { from: Math.min(from, to), to: Math.max(from, to), severity: "error", message: say(error.message) };
}

const setNotes = StateEffect.define();

/** A message under its line, with the path in mono and a one-click fix. */
class NoteWidget extends WidgetType {
  constructor(note) {
    super();
    this.note = note;
  }

  eq(other) {
    return JSON.stringify(other.note.error) === JSON.stringify(this.note.error) && other.said === this.said;
  }

  toDOM() {
    const { error, fix } = this.note;
    const element = document.createElement("div");
    element.className = "problem-note";
    const words = document.createElement("span");
    words.textContent = say(error.message);
    words.lang = "en";
    element.append(words);
    if (error.path && !words.textContent.includes(error.path)) element.append(" ", codeOf(error.path));
    if (error.fix) element.append(" ", buttonOf(say(error.fix.label), () => fix(error.fix)));
    return element;
  }

  ignoreEvent() {
    return true;
  }
}

function codeOf(text) {
  const element = document.createElement("code");
  element.textContent = text;
  return element;
}

function buttonOf(text, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.onclick = action;
  return element;
}

const problemField = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    let decorations = value.map(transaction.changes);
    for (const one of transaction.effects) if (one.is(setNotes)) decorations = notesOf(transaction.state.doc, one.value);
    return decorations;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function notesOf(doc, notes) {
  const ranges = notes.flatMap((note) => {
    const line = doc.line(Math.max(1, Math.min(doc.lines, note.error.line || 1)));
    return [
      Decoration.line({ class: "problem-line" }).range(line.from),
      Decoration.widget({ widget: new NoteWidget(note), side: 1, block: true }).range(line.to),
    ];
  });
  return Decoration.set(ranges, true);
}

/** Fields that the schema allows here, required ones first. */
async function complete(context) {
  const line = context.state.doc.lineAt(context.pos);
  const place = placeAt(context.state.doc.toString(), line.number - 1, context.pos - line.from);
  if (!place.isKey || (!place.prefix && !context.explicit)) return null;
  const { fields } = await getCompletion(place.apiVersion, place.kind, place.path.join("."));
  if (!fields?.length) return null;
  const indent = " ".repeat(place.indent + 2);
  const options = fields.map((field) => ({
    label: field.name,
    type: "property",
    detail: field.type,
    info: field.description,
    boost: field.required ? 10 : 0,
    apply: field.name + endingOf(field.type, indent),
  }));
  return { from: context.pos - place.prefix.length, options, validFor: /^[\w./$-]*$/ };
}

function endingOf(type = "", indent) {
  if (/array|\[\]|list/i.test(type)) return `:\n${indent.slice(2)}- `;
  if (/object|map/i.test(type) || /^[A-Z]/.test(type)) return `:\n${indent}`;
  return ": ";
}

/** What the schema says of the field under the pointer. */
async function describe(view, position) {
  const line = view.state.doc.lineAt(position);
  const field = fieldAt(view.state.doc.toString(), line.number - 1);
  const column = position - line.from;
  if (!field || column < field.start || column > field.end) return null;
  const { fields } = await getCompletion(field.apiVersion, field.kind, field.path.join("."));
  const found = fields?.find(({ name }) => name === field.name);
  if (!found) return null;
  return { pos: line.from + field.start, end: line.from + field.end, above: true, create: () => ({ dom: cardOf(found) }) };
}

function cardOf(field) {
  const element = document.createElement("div");
  element.className = "field-card";
  element.lang = "en";
  const head = document.createElement("p");
  head.append(codeOf(field.name), ` ${field.type ?? ""}`, field.required ? ` · ${t("editor.required")}` : "");
  const words = document.createElement("p");
  words.textContent = field.description ?? "";
  element.append(head, words);
  return element;
}
