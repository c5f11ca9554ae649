// Text areas with headings, lists, tables and links (`data-rich`). The server cleans what is sent; without scripts the area takes plain text or HTML.
import { say } from "./texts.js";

const TOOLS = [
  ["bold", say("加粗"), "B"], ["formatBlock:h3", say("标题"), say("标题")], ["formatBlock:p", say("正文"), say("正文")],
  ["insertUnorderedList", say("项目符号"), say("• 列表")], ["insertOrderedList", say("编号"), say("1. 列表")],
  ["createLink", say("链接"), say("链接")], ["removeFormat", say("清除格式"), say("清除格式")],
];
const KEPT = new Set(["P", "BR", "H3", "H4", "STRONG", "B", "EM", "I", "U", "UL", "OL", "LI", "A", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD"]);

export function setUpRich(root) {
  for (const area of root.querySelectorAll("textarea[data-rich]")) makeRich(area);
}

function makeRich(area) {
  const label = root(area).querySelector(`label[for="${area.id}"]`);
  const editor = document.createElement("div");
  editor.className = "rich prose";
  editor.contentEditable = "true";
  editor.setAttribute("role", "textbox");
  editor.setAttribute("aria-multiline", "true");
  editor.tabIndex = 0;
  if (label) {
    label.id ||= `${area.id}-label`;
    editor.setAttribute("aria-labelledby", label.id);
    label.addEventListener("click", () => editor.focus());
  }
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (area.hasAttribute(name)) editor.setAttribute(name, area.getAttribute(name));
  }
  editor.append(kept(area.value.includes("<") ? area.value : paragraphs(area.value)));
  const save = () => {
    area.value = editor.textContent.trim() || editor.querySelector("table") ? editor.innerHTML : "";
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  editor.addEventListener("input", save);
  editor.addEventListener("paste", (event) => {
    const html = event.clipboardData.getData("text/html") || paragraphs(event.clipboardData.getData("text/plain"));
    event.preventDefault();
    const holder = document.createElement("div");
    holder.append(kept(html));
    document.execCommand("insertHTML", false, holder.innerHTML);
  });
  area.hidden = true;
  area.before(tools(editor, save), editor);
}

const root = (area) => area.closest("form") || document;

function tools(editor, save) {
  const bar = document.createElement("div");
  bar.className = "rich-tools cluster";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", say("格式"));
  for (const [command, name, shown] of TOOLS) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn s";
    button.title = name;
    button.textContent = shown;
    button.addEventListener("click", () => {
      editor.focus();
      const [verb, block] = command.split(":");
      if (verb === "createLink") {
        const address = window.prompt(say("链接的地址："), "");
        if (address && /^(https?:|mailto:|tel:)/.test(address)) document.execCommand(verb, false, address);
      } else document.execCommand(verb, false, block ? `<${block}>` : undefined);
      save();
    });
    bar.append(button);
  }
  return bar;
}

function paragraphs(words) {
  const holder = document.createElement("div");
  for (const line of words.split(/\n+/).filter((one) => one.trim())) {
    const paragraph = document.createElement("p");
    paragraph.textContent = line.trim();
    holder.append(paragraph);
  }
  return holder.innerHTML;
}

// Only what the server keeps as well: parsed without running anything, rebuilt element by element.
function kept(html) {
  const fragment = document.createDocumentFragment();
  const source = new DOMParser().parseFromString(html, "text/html").body;
  copy(source, fragment);
  return fragment;
}

function copy(from, to) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
    else if (node.nodeType === Node.ELEMENT_NODE && !["STYLE", "SCRIPT", "TITLE", "META", "LINK"].includes(node.tagName)) {
      const tag = { H1: "H3", H2: "H3", H5: "H4", H6: "H4", DIV: "P" }[node.tagName] || node.tagName;
      if (!KEPT.has(tag)) copy(node, to);
      else {
        const element = document.createElement(tag);
        if (tag === "A" && /^(https?:|mailto:|tel:)/.test(node.getAttribute("href") || "")) element.href = node.getAttribute("href");
        for (const name of ["colspan", "rowspan"]) if (node.hasAttribute(name)) element.setAttribute(name, node.getAttribute(name));
        copy(node, element);
        to.append(element);
      }
    }
  }
}
