// Starts the API documentation (Swagger UI comes with Flask-AppBuilder and is served locally).
import { say } from "./texts.js";

const target = document.getElementById("swagger-ui");

function name() {
  for (const select of target.querySelectorAll("select:not([aria-label])")) select.setAttribute("aria-label", say("选项"));
}

addEventListener("load", () => {
  globalThis.SwaggerUIBundle({
    url: target.dataset.openapi,
    domNode: target,
    presets: [globalThis.SwaggerUIBundle.presets.apis],
    onComplete: name,
  });
  new MutationObserver(name).observe(target, { childList: true, subtree: true });
});
