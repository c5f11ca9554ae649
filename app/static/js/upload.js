// <form data-upload> sends its files with a progress bar; without scripts it is a plain multipart form.
// <input type="file" data-max-mb="3"> is checked before sending; the server checks again.
import { saveNow } from "./autosave.js";
import { say } from "./texts.js";

export function setUpUploads(root) {
  root.addEventListener("change", (event) => {
    if (event.target.type === "file") take(event.target);
  });
  root.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  // chosen before this script had arrived; autocomplete="off" keeps browsers from restoring a choice by themselves
  for (const input of root.querySelectorAll("input[type=file][data-send-at-once]")) if (input.files.length) take(input);
}

function take(input) {
  const limit = Number(input.dataset.maxMb);
  const large = limit ? [...input.files].find((file) => file.size > limit * 1024 * 1024) : null;
  input.setCustomValidity(large ? say("“{name}”超过 {n} MB，请压缩后再选。", { name: large.name, n: limit }) : "");
  if (large) input.reportValidity();
  else if (input.hasAttribute("data-send-at-once") && input.files.length) input.form.requestSubmit();
}

function send(form, submitter) {
  let row = form.querySelector(".upload-row");
  if (!row) {
    row = document.createElement("div");
    row.className = "upload-row";
    const progress = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
    progress.setAttribute("aria-label", say("上传进度"));
    const status = Object.assign(document.createElement("span"), { textContent: "0%" });
    status.setAttribute("role", "status");
    row.append(progress, status);
    form.append(row);
  }
  const [bar, text] = [row.querySelector("progress"), row.querySelector("span")];
  const request = new XMLHttpRequest();
  // form.action would be a field of that name, if there is one
  const address = new URL(form.getAttribute("action") || location.href, location.href).href;
  request.open("POST", address);
  request.setRequestHeader("Accept", "application/json, text/html;q=0.9"); // a refusal comes as {message}
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const percent = Math.round((100 * event.loaded) / event.total);
    bar.value = percent;
    text.textContent = percent < 100 ? `${percent}%` : say("正在检查文件…");
  });
  request.addEventListener("load", async () => {
    await saveNow(document);
    if (request.status < 400 && request.responseURL && request.responseURL !== address) {
      location.assign(request.responseURL);
    } else if (request.getResponseHeader("Content-Type")?.startsWith("text/html")) {
      document.open();
      document.write(request.responseText);
      document.close();
    } else {
      let [message, next] = ["", ""];
      try {
        ({ message = "", next = "" } = JSON.parse(request.responseText));
      } catch {
        /* not JSON: the general sentence below serves */
      }
      next ||= form.elements.next?.value ?? ""; // reloading would send the form again whose answer this page may be
      if (request.status < 400 && next) openAnew(next);
      else if (request.status < 400) location.reload();
      else release(form, text, message || say("上传没有成功，请稍后再试。"));
    }
  });
  request.addEventListener("error", () => release(form, text, say("网络中断，文件没有上传，请再试一次。")));
  const data = new FormData(form);
  if (submitter?.name) data.append(submitter.name, submitter.value);
  request.send(data);
}

function release(form, text, message) {
  text.textContent = message;
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
}

/** Loads an address with GET. With a fragment, the page that is shown already would only be scrolled: it goes without. */
function openAnew(address) {
  const target = new URL(address, location.href);
  if (target.pathname + target.search === location.pathname + location.search) target.hash = "";
  location.assign(target.href);
}
