// After an autosave the answer brings what changed beside the form: {parts: {name: html of [data-part="name"]},
// errors: {field: sentence}, lowered: {field: {value, message}}}. The html is rendered by our own server.
export function setUpProgress(root) {
  root.addEventListener("autosaved", (event) => {
    const { parts = {}, errors = {}, lowered = {} } = event.detail ?? {};
    for (const [name, html] of Object.entries(parts)) {
      const place = root.querySelector(`[data-part="${CSS.escape(name)}"]`);
      if (place) place.innerHTML = html;
    }
    const form = event.target;
    for (const old of form.querySelectorAll(".msg, [data-lowered]")) old.remove();
    for (const field of form.querySelectorAll('[aria-invalid="true"]')) mark(field, false);
    for (const [name, sentence] of Object.entries(errors)) say(form, name, sentence, "msg");
    for (const [name, { value, message }] of Object.entries(lowered)) {
      const field = form.elements[name];
      if (!field) continue;
      field.value = value;
      say(form, name, message, "hint");
    }
  });
}

function mark(field, wrong) {
  field.closest(".field")?.classList.toggle("err", wrong);
  if (wrong) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function say(form, name, sentence, kind) {
  const found = form.elements[name];
  const field = found instanceof RadioNodeList ? found[0] : found;
  const box = field?.closest(".field");
  if (!box) return;
  const line = document.createElement("p");
  line.className = kind;
  line.id = `${name}-said`;
  line.setAttribute("role", "status");
  line.textContent = sentence;
  if (kind === "msg") {
    mark(field, true);
    field.setAttribute("aria-describedby", line.id);
  } else line.dataset.lowered = "yes";
  box.append(line);
}
