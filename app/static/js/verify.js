// A scanned certificate carries its signature in the address's fragment, which browsers do not send: ask the server about it.
export function setUpVerify(root) {
  const form = root.querySelector("form[data-verify]");
  if (!form || !location.hash) return;
  form.hidden = false;
  const data = new FormData(form);
  data.append("payload", location.href);
  fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } })
    .then((answer) => answer.json())
    .then(({ ok, message }) => {
      form.classList.add("note", ok ? "ok" : "bad");
      form.querySelector("[data-verify-result]").textContent = message;
    })
    .catch(() => form.setAttribute("hidden", "")); // the status below stands without the signature
}
