// <form data-autosave="address"> saves itself: a second after the last change, at the latest two seconds after the first one,
// the fields are posted and 已保存 HH:MM:SS is shown in [data-saved]. The answer is the JSON of views/forms/autosave.py.
// What the server does not have yet is kept in this browser too (drafts.js), and offered again after a crash or a new login.
import { forget, keep, offer, setField, valuesOf } from "./drafts.js";
import { say } from "./texts.js";

const PAUSE = 1000; // ms after the last change
const LONGEST = 2000; // ms after the first change that is not saved
const RETRY = 10000;
const PATIENCE = 5000; // ms a pressed button waits for the answer to what is on its way

export function setUpAutosave(root) {
  for (const form of root.querySelectorAll("form[data-autosave]")) watch(form);
}

function watch(form) {
  const state = { timer: 0, dirtySince: 0, sending: false, known: saying(form) };
  const changed = (event) => {
    if (event.target.type === "file" || event.target.closest("[data-no-autosave]")) return;
    if (!state.dirtySince && saying(form) === state.known && !form.querySelector('[aria-invalid="true"]')) return; // leaving a field changes nothing
    keep(form);
    if (state.signedOut) return;
    state.dirtySince ||= Date.now();
    show(say("有未保存的修改"));
    plan(form, state);
  };
  watched.set(form, state);
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    clearTimeout(state.timer);
    if (state.sending && !state.impatient) {
      event.preventDefault(); // the answer says which version, of a new form which record, is to be saved now
      submitAfter(form, state, event.submitter);
      return;
    }
    state.dirtySince = 0;
    keep(form, { sent: true });
  });
  window.addEventListener("pagehide", () => {
    if (!state.dirtySince) return;
    clearTimeout(state.timer); // the last words are sent while the page goes; their draft waits for the next page to see
    keep(form, { sent: true });
    fetch(form.dataset.autosave, { method: "POST", body: fieldsOf(form), credentials: "same-origin", keepalive: true, headers: HEADERS }).catch(() => {});
  });
  window.addEventListener("online", () => {
    if (state.dirtySince && !state.signedOut) save(form, state);
  });
  offer(form, () => {
    state.dirtySince = Date.now();
    save(form, state);
  });
}

/** Saves at once what is not saved yet; done when the answers have come. An upload reloads the page afterwards. */
export async function saveNow(root) {
  for (const [form, state] of watched) {
    if (!root.contains(form)) continue;
    await answered(state);
    if (!state.dirtySince) continue;
    clearTimeout(state.timer);
    await save(form, state);
  }
}

/** Once, however often the button is pressed. */
async function submitAfter(form, state, button) {
  if (state.submitting) return;
  state.submitting = true;
  button?.setAttribute("aria-busy", "true");
  await answered(state, PATIENCE);
  state.submitting = false;
  state.impatient = true;
  form.requestSubmit(button);
  state.impatient = false;
}

async function answered(state, longest = Infinity) {
  const since = Date.now();
  while (state.sending && Date.now() - since < longest) await new Promise((resolve) => setTimeout(resolve, 50));
}

const watched = new Map();
const saying = (form) => JSON.stringify(valuesOf(form));
const HEADERS = { Accept: "application/json", "X-Requested-With": "fetch" };

function plan(form, state) {
  clearTimeout(state.timer);
  const left = LONGEST - (Date.now() - state.dirtySince);
  state.timer = setTimeout(() => save(form, state), Math.max(0, Math.min(PAUSE, left)));
}

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
    state.timer = setTimeout(() => save(form, state), 200);
    return;
  }
  state.sending = true;
  const since = state.dirtySince;
  state.dirtySince = 0;
  const sent = fieldsOf(form);
  const said = saying(form);
  show(say("正在保存…"));
  try {
    const answer = await fetch(form.dataset.autosave, {
      method: "POST", body: sent, credentials: "same-origin", redirect: "manual",
      headers: HEADERS,
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      await keep(form);
      state.signedOut = true;
      signInAgain();
      return;
    }
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      state.dirtySince ||= since;
      await keep(form);
      show(body.message ?? say("没有保存，请稍后再试。"));
      return;
    }
    if (body.address) {
      // the first save made a record: from now on the form belongs to it, also when the page is loaded again
      await forget(form);
      form.setAttribute("action", body.address);
      form.dataset.autosave = body.autosave;
      history.replaceState(null, "", body.address);
    }
    state.known = said;
    taken(form, sent, body);
    if (!state.dirtySince && !Object.keys(body.conflicts ?? {}).length && !Object.keys(body.errors ?? {}).length) await forget(form);
    show(`${say("已保存 {time}", { time: body.saved_at })}${body.message ? ` · ${body.message}` : ""}`);
  } catch {
    state.dirtySince ||= since;
    await keep(form);
    show(say("网络不通，填写的内容已留在本页，恢复后会再次保存。"));
    state.timer = setTimeout(() => save(form, state), RETRY);
  } finally {
    state.sending = false;
  }
}

/** The answer on the page: the new token, what other windows changed, sentences beside fields, fresh parts. */
function taken(form, sent, body) {
  if (body.version !== undefined && form.elements.version) form.elements.version.value = body.version;
  const untouched = (name) => JSON.stringify(sent.getAll(name)) === JSON.stringify(new FormData(form).getAll(name));
  for (const [name, value] of Object.entries(body.updates ?? {})) if (untouched(name)) put(form, name, value);
  for (const [name, { value }] of Object.entries(body.lowered ?? {})) if (untouched(name)) put(form, name, value);
  showFieldErrors(form, body);
  for (const [part, html] of Object.entries(body.parts ?? {})) {
    const place = document.querySelector(`[data-part="${part}"]`);
    if (place) place.innerHTML = html;
  }
  form.dispatchEvent(new CustomEvent("autosaved", { detail: body, bubbles: true }));
}

function put(form, name, value) {
  const values = [value].flat();
  for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
    if (field.type === "checkbox" && field.value === "y") field.checked = values[0] === "true";
    else setField(field, values);
  }
}

/** Sentences of the server beside their fields; what it no longer says is cleared. */
function showFieldErrors(form, { errors = {}, lowered = {}, conflicts = {} }) {
  for (const old of form.querySelectorAll(".msg, [data-lowered]")) old.remove();
  for (const field of form.querySelectorAll('[aria-invalid="true"]')) mark(field, null);
  for (const [name, sentence] of Object.entries(errors)) line(form, name, sentence, true);
  for (const [name, { message }] of Object.entries(lowered)) line(form, name, message, false);
  for (const [name, conflict] of Object.entries(conflicts)) decide(form, name, conflict);
}

function mark(field, id) {
  field.closest(".field")?.classList.toggle("err", id !== null);
  if (id === null) field.removeAttribute("aria-invalid");
  else field.setAttribute("aria-invalid", "true");
  if (id === null) field.removeAttribute("aria-errormessage");
  else field.setAttribute("aria-errormessage", id);
}

const controls = (form, name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];

function line(form, name, sentence, wrong) {
  const fields = controls(form, name);
  const block = fields[0]?.closest(".field");
  if (!block) return null;
  const text = Object.assign(document.createElement("p"), { className: wrong ? "msg" : "hint", id: `${name}-said`, textContent: sentence });
  text.setAttribute("role", "status");
  if (wrong) for (const field of fields) mark(field, text.id);
  else text.dataset.lowered = "yes";
  block.append(text);
  return text;
}

/** Two windows changed this field: both values are shown, and a button for each. */
function decide(form, name, { mine, stored, value }) {
  const empty = say("（空）");
  const text = line(form, name, say("其他窗口已保存为“{stored}”，本页填写的是“{mine}”。", { stored: stored || empty, mine: mine || empty }), true);
  if (!text) return;
  const [field] = controls(form, name);
  const again = () => field.dispatchEvent(new Event("change", { bubbles: true }));
  const choices = [
    [say("用本页的"), again],
    [say("用其他窗口的"), () => {
      put(form, name, value);
      again();
    }],
  ];
  for (const [label, act] of choices) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn s", textContent: label });
    button.addEventListener("click", act);
    text.append(button);
  }
}

/** The session is over: the text stays here, and the link leads through the login back to this page. */
function signInAgain() {
  const place = document.querySelector("[data-saved]");
  if (!place) return;
  place.textContent = say("登录已过期，填写的内容已留在本页，请重新登录后继续。");
  const link = Object.assign(document.createElement("a"), { className: "btn s p", textContent: say("重新登录") });
  link.href = `/login/?next=${encodeURIComponent(location.pathname)}`;
  place.append(" ", link);
}
