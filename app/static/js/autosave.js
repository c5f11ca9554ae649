// <form data-autosave="address"> saves itself: after a pause the fields are posted with fetch and 已保存 HH:MM is shown in
// [data-saved]. Answers: 2xx JSON {saved_at?: "14:03", version?: 7, message?: "…"}; 4xx {message, fields}; 401/redirect to the login:
// the text is kept in this tab's sessionStorage and offered again after the next login.
import { say } from "./texts.js";

const PAUSE = 1500; // ms after the last change
// Drafts belong to one account: on a shared computer the next person must not be offered them.
const mine = `draft:${document.body.dataset.account ?? ""}:`;
const storeKey = (form) => `${mine}${location.pathname}:${form.id || form.dataset.autosave}`;

export function setUpAutosave(root) {
  if (document.body.dataset.account) {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:") && !key.startsWith(mine)) sessionStorage.removeItem(key);
  }
  for (const form of root.querySelectorAll("form[data-autosave]")) watch(form);
}

function watch(form) {
  const state = { timer: 0, dirty: false, sending: false };
  const changed = (event) => {
    if (event.target.type === "file" || event.target.closest("[data-no-autosave]")) return;
    state.dirty = true;
    show(say("有未保存的修改"));
    clearTimeout(state.timer);
    state.timer = setTimeout(() => save(form, state), PAUSE);
  };
  watched.set(form, state);
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => {
    clearTimeout(state.timer);
    state.dirty = false;
    sessionStorage.removeItem(storeKey(form));
  });
  window.addEventListener("beforeunload", (event) => {
    if (state.dirty) {
      keep(form);
      event.preventDefault();
    }
  });
  offerKept(form, state);
}

/** Saves at once what is not saved yet; done when the answers have come. An upload reloads the page afterwards. */
export async function saveNow(root) {
  for (const [form, state] of watched) {
    if (!root.contains(form)) continue;
    while (state.sending) await new Promise((resolve) => setTimeout(resolve, 50));
    if (!state.dirty) continue;
    clearTimeout(state.timer);
    await save(form, state);
  }
}

const watched = new Map();

const show = (text) => {
  const line = document.querySelector("[data-saved]");
  if (line) line.textContent = text;
};

function fieldsOf(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
  return data;
}

async function save(form, state) {
  if (state.sending) {
    state.timer = setTimeout(() => save(form, state), PAUSE);
    return;
  }
  state.sending = true;
  state.dirty = false;
  show(say("正在保存…"));
  try {
    const answer = await fetch(form.dataset.autosave, {
      method: "POST", body: fieldsOf(form), credentials: "same-origin", redirect: "manual",
      headers: { Accept: "application/json", "X-Requested-With": "fetch" },
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      keep(form);
      show(say("登录已过期，填写的内容已留在本页，请重新登录后继续。"));
      return;
    }
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      keep(form);
      state.dirty = true;
      showFieldErrors(form, body.fields ?? {});
      show(body.message ?? say("没有保存，请稍后再试。"));
      return;
    }
    sessionStorage.removeItem(storeKey(form));
    if (body.version !== undefined && form.elements.version) form.elements.version.value = body.version;
    if (body.address) {
      // the first save made a record: from now on the form belongs to it, also when the page is loaded again
      form.setAttribute("action", body.address);
      form.dataset.autosave = body.autosave;
      history.replaceState(null, "", body.address);
    }
    const now = new Date();
    const time = body.saved_at ?? `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
    showFieldErrors(form, body.fields ?? {});
    show(`${say("已保存 {time}", { time })}${body.message ? ` · ${body.message}` : ""}`);
    form.dispatchEvent(new CustomEvent("autosaved", { detail: body, bubbles: true }));
  } catch {
    keep(form);
    state.dirty = true;
    show(say("网络不通，填写的内容已留在本页，恢复后会再次保存。"));
    state.timer = setTimeout(() => save(form, state), 10000);
  } finally {
    state.sending = false;
  }
}

/** Sentences of the server beside their fields; fields it no longer names are cleared. */
function showFieldErrors(form, errors) {
  for (const old of form.querySelectorAll("[data-autosave-error]")) {
    const field = form.elements[old.dataset.autosaveError];
    field?.removeAttribute?.("aria-invalid");
    field?.removeAttribute?.("aria-errormessage");
    old.remove();
  }
  for (const [name, sentence] of Object.entries(errors)) {
    const field = form.elements[name];
    const block = field?.closest?.(".field");
    if (!block) continue;
    const line = Object.assign(document.createElement("p"), { className: "msg", id: `${name}-saving`, textContent: sentence });
    line.dataset.autosaveError = name;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", line.id);
    block.append(line);
  }
}

function keep(form) {
  const kept = [...fieldsOf(form).entries()].filter(([name]) => name !== "csrf_token" && name !== "version");
  try {
    sessionStorage.setItem(storeKey(form), JSON.stringify(kept));
  } catch {
    /* storage full or forbidden: the page itself still holds the text */
  }
}

function offerKept(form, state) {
  const kept = sessionStorage.getItem(storeKey(form));
  if (!kept) return;
  const box = document.createElement("div");
  box.className = "note warn";
  box.setAttribute("role", "status");
  const text = document.createElement("div");
  text.textContent = say("上次有没来得及保存的内容。");
  const use = Object.assign(document.createElement("button"), { type: "button", className: "btn s p", textContent: say("恢复") });
  const drop = Object.assign(document.createElement("button"), { type: "button", className: "btn s", textContent: say("不要了") });
  use.addEventListener("click", () => {
    restore(form, JSON.parse(kept));
    box.remove();
    state.dirty = true;
    save(form, state);
  });
  drop.addEventListener("click", () => {
    sessionStorage.removeItem(storeKey(form));
    box.remove();
  });
  box.append(text, use, drop);
  form.before(box);
}

function restore(form, kept) {
  const byName = Map.groupBy ? Map.groupBy(kept, ([name]) => name) : kept.reduce((map, pair) => map.set(pair[0], [...(map.get(pair[0]) ?? []), pair]), new Map());
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.type === "file") continue;
    const values = (byName.get(field.name) ?? []).map(([, value]) => value);
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
  }
}
