// A combobox over a large table. The native control keeps the value and is what the form sends; typing asks the server
// (GET url?q=…), which answers [{id, text}] or {items: [{id, text}], more: true}.
import { say } from "./texts.js";

const WAIT = 200; // ms after the last key
let serial = 0;

export function setUpRemoteSelects(root) {
  for (const native of root.querySelectorAll("[data-remote]")) enhance(native);
}

/** Put a combobox over one native control; returns its text input. */
export function enhance(native) {
  const id = `remote-${++serial}`;
  let holder = native.closest(".remote");
  if (!holder) {
    holder = document.createElement("div");
    holder.className = "remote";
    native.replaceWith(holder);
    holder.append(native);
  }
  const input = Object.assign(document.createElement("input"), { type: "text", autocomplete: "off", id: `${id}-input` });
  const list = Object.assign(document.createElement("ul"), { id: `${id}-list`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", say("查找结果"));
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" };
  for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
    if (native.hasAttribute(name)) attributes[name] = native.getAttribute(name);
  }
  if (native.required) attributes["aria-required"] = "true";
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  input.placeholder = native.dataset.placeholder ?? say("输入文字查找");
  const label = document.querySelector(`label[for="${CSS.escape(native.id)}"]`);
  if (label) label.htmlFor = input.id;
  native.hidden = true;
  native.required = false;
  holder.prepend(input, list);

  const state = { shown: textOf(native), active: -1, timer: 0, asked: 0 };
  input.value = state.shown;
  input.addEventListener("input", () => {
    clearTimeout(state.timer);
    if (input.value === "") choose(native, input, list, state, { id: "", text: "" });
    else state.timer = setTimeout(() => ask(native, input, list, state), WAIT);
  });
  input.addEventListener("focus", () => { input.select(); if (!input.value) ask(native, input, list, state); });
  input.addEventListener("blur", () => setTimeout(() => { close(input, list, state); input.value = state.shown; }, 150));
  input.addEventListener("keydown", (event) => onKey(event, native, input, list, state));
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) choose(native, input, list, state, { id: option.dataset.id, text: option.textContent });
  });
  return input;
}

const textOf = (native) => (native.tagName === "SELECT"
  ? (native.value ? native.selectedOptions[0]?.textContent.trim() ?? "" : "")
  : native.dataset.text ?? native.value);

async function ask(native, input, list, state) {
  const turn = ++state.asked;
  const url = new URL(native.dataset.remote, location.href);
  url.searchParams.set(native.dataset.remoteParam ?? "q", input.value.trim());
  for (const name of (native.dataset.remoteWith ?? "").split(" ").filter(Boolean)) { // other fields that narrow the search
    const other = native.form?.elements[name];
    if (other && (other.type !== "checkbox" || other.checked)) url.searchParams.set(name, other.value);
  }
  let found;
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    found = await answer.json();
  } catch {
    if (turn === state.asked) tell(list, input, say("查找失败，请稍后再试。"));
    return;
  }
  if (turn !== state.asked || document.activeElement !== input) return;
  const items = (Array.isArray(found) ? found : found.items ?? found.results ?? [])
    .map((item) => (Array.isArray(item) ? { id: item[0], text: item[1] } : item));
  if (!items.length) {
    tell(list, input, say("没有找到，请换一个词。"));
    return;
  }
  list.replaceChildren(...items.map((item, index) => {
    const option = document.createElement("li");
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.id = `${list.id}-${index}`;
    option.dataset.id = item.id;
    option.textContent = item.text;
    return option;
  }));
  if (found.more) list.append(note(say("结果较多，请再输入几个字。")));
  state.active = -1;
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
}

function note(text) {
  const line = document.createElement("li");
  line.className = "say";
  line.setAttribute("role", "presentation");
  line.textContent = text;
  return line;
}

function tell(list, input, text) {
  list.replaceChildren(note(text));
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
}

function choose(native, input, list, state, item) {
  if (native.tagName === "SELECT") {
    if (item.id !== "" && ![...native.options].some((option) => option.value === String(item.id))) {
      native.append(new Option(item.text, item.id));
    }
    native.value = item.id;
  } else {
    native.value = item.id;
  }
  state.shown = item.text;
  input.value = item.text;
  close(input, list, state);
  native.dispatchEvent(new Event("change", { bubbles: true }));
  state.shown = input.value; // a listener may have emptied it
}

function close(input, list, state) {
  list.hidden = true;
  state.active = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function onKey(event, native, input, list, state) {
  const options = [...list.querySelectorAll("[role=option]")];
  if (event.key === "Escape") {
    close(input, list, state);
    input.value = state.shown;
  } else if (event.key === "Enter" && !list.hidden) {
    event.preventDefault();
    const option = options[state.active] ?? (options.length === 1 ? options[0] : null);
    if (option) choose(native, input, list, state, { id: option.dataset.id, text: option.textContent });
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) {
      ask(native, input, list, state);
      return;
    }
    if (!options.length) return;
    state.active = (state.active + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === state.active)));
    options[state.active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[state.active].id);
  }
}
