// What people type is kept in this browser (IndexedDB: it survives a killed browser) until the server has it.
// Drafts belong to one account: on a shared computer the next person is not offered them, and signing out drops one's own.
// <form data-draft> keeps its fields here; autosave.js does the same for the forms it sends.
import { say } from "./texts.js";

const STORE = "drafts";
const KEEP_DAYS = 14;
const FOLLOWS = 60000; // ms in which a page still follows what was sent
const account = () => document.body.dataset.account ?? "";

export function setUpDrafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) watch(form);
  root.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action")?.includes("/logout")) dropWhere((draft) => draft.account === account());
  });
  for (const field of root.querySelectorAll("[data-unsaved]")) tellUnsaved(field);
  if (account()) {
    const old = Date.now() - KEEP_DAYS * 86400000;
    const shown = new Set([...root.querySelectorAll("form[data-draft], form[data-autosave]")].map(keyOf));
    dropWhere((draft) => draft.account !== account() || draft.at < old || (draft.sent && !shown.has(draft.key)));
  }
}

/** [data-unsaved="/applications/7/fill"]: which pages of that application have drafts here, for 开始检测. */
function tellUnsaved(field) {
  const base = field.dataset.unsaved;
  run("readonly", (store) => store.getAll()).then((drafts) => {
    const pages = drafts.filter((draft) => draft.account === account() && !draft.sent && draft.key.startsWith(base))
      .map((draft) => (draft.key.startsWith(`${base}/titles/`) ? "titles" : draft.key.startsWith(`${base}/form:`) ? "form" : "basic"));
    field.value = [...new Set(pages)].join(",");
  }).catch(() => {});
}

function watch(form) {
  let timer = 0;
  const changed = (event) => {
    if (event.target.type === "file") return;
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), 300);
  };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    keep(form, { sent: true });
  });
  offer(form);
}

export const keyOf = (form) => `${location.pathname}:${form.id || form.dataset.autosave}`;

/** The fields people fill in, as [name, value] pairs. */
export function valuesOf(form) {
  const hidden = new Set([...form.elements].filter((field) => field.type === "hidden" && field.name !== "line").map((field) => field.name));
  return [...new FormData(form).entries()].filter(([name, value]) => !(value instanceof File) && !hidden.has(name));
}

const versionOf = (form) => form.elements.version?.value ?? "";

/** Whether the page has what the draft says: the same words, or, after it was sent, another version. The server writes dates, numbers and
 *  spaces in its own way, so words alone would offer again what has just been saved. */
const arrived = (draft, form) => words(draft.values) === words(valuesOf(form))
  || (draft.sent && draft.version !== versionOf(form) && Date.now() - draft.at < FOLLOWS);
const words = (values) => JSON.stringify(values.map(([name, value]) => [name, value.replace(/\r\n?/g, "\n").trim()]));

/** Keep what the form says now. `sent`: it is on its way; the next page knows whether it arrived. */
export async function keep(form, { sent = false } = {}) {
  if (!account()) return;
  const draft = { key: keyOf(form), account: account(), at: Date.now(), sent, version: versionOf(form), values: valuesOf(form) };
  await run("readwrite", (store) => store.put(draft)).catch(() => {}); // full or forbidden: the page itself still has it
}

export async function forget(form) {
  await run("readwrite", (store) => store.delete(keyOf(form))).catch(() => {});
}

/** Offer what was kept when it differs from what the page shows. `restored` is called after the fields are filled. */
export async function offer(form, restored = () => {}) {
  const draft = await run("readonly", (store) => store.get(keyOf(form))).catch(() => null);
  if (!draft || draft.account !== account()) return;
  if (arrived(draft, form)) {
    await forget(form);
    return;
  }
  const box = Object.assign(document.createElement("div"), { className: "note warn" });
  box.setAttribute("role", "status");
  const text = Object.assign(document.createElement("div"), { textContent: say("上次有没来得及保存的内容。") });
  const use = Object.assign(document.createElement("button"), { type: "button", className: "btn s p", textContent: say("恢复") });
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "btn s", textContent: say("不要了") });
  use.addEventListener("click", () => {
    fill(form, draft.values);
    box.remove();
    restored();
  });
  drop.addEventListener("click", async () => {
    await forget(form);
    box.remove();
  });
  box.append(text, use, drop);
  form.before(box);
}

function fill(form, values) {
  const lines = values.filter(([name]) => name === "line").length;
  for (let n = form.querySelectorAll('input[name="line"]').length; n < lines; n += 1) form.querySelector("[data-add-line]")?.click();
  const byName = new Map();
  for (const [name, value] of values) byName.set(name, [...(byName.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.type === "file" || field.type === "submit") continue;
    setField(field, byName.get(field.name) ?? []);
  }
}

/** Give one control the value it has among `values`. */
export function setField(field, values) {
  if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
  else if (field.multiple && field.options) for (const option of field.options) option.selected = values.includes(option.value);
  else field.value = values[0] ?? "";
}

async function dropWhere(unwanted) {
  const all = await run("readonly", (store) => store.getAll()).catch(() => []);
  for (const draft of all) if (unwanted(draft)) await run("readwrite", (store) => store.delete(draft.key)).catch(() => {});
}

let opened;

function run(mode, action) {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("zhicheng", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened.then((database) => new Promise((resolve, reject) => {
    const change = database.transaction(STORE, mode);
    const request = action(change.objectStore(STORE));
    change.oncomplete = () => resolve(request.result);
    change.onerror = change.onabort = () => reject(change.error);
  }));
}
