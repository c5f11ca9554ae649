// <form data-photo>: the certificate photo is zoomed, turned and moved under a frame of 2 寸, with a live preview. What is
// sent is the file, the turn and the rectangle in fractions of the turned picture; the server cuts it.
import { say } from "./texts.js";

const FRAME = { width: 413, height: 579 };
const EDGE = 70; // around the frame on the stage: what will be cut off
const STEP = 0.02; // of the frame, for one press of an arrow key
const MOST = 6; // times

export function setUpPhoto(root) {
  for (const form of root.querySelectorAll("form[data-photo]")) new Editor(form).start();
}

class Editor {
  constructor(form) {
    this.form = form;
    this.file = form.elements.photo;
    this.work = form.querySelector("[data-photo-work]");
    this.stage = form.querySelector("[data-photo-stage]");
    this.preview = form.querySelector("[data-photo-preview]");
    this.message = form.querySelector("[data-photo-say]");
    this.sliders = Object.fromEntries([...form.querySelectorAll("[data-photo-slider]")].map((s) => [s.dataset.photoSlider, s]));
    this.smallest = Number(form.dataset.smallest);
    this.picture = null;
  }

  start() {
    this.file.addEventListener("change", () => this.load());
    this.form.addEventListener("click", (event) => {
      const what = event.target.closest("[data-photo-do]")?.dataset.photoDo;
      if (what && this.picture) this.act(what);
    });
    for (const [name, slider] of Object.entries(this.sliders)) slider.addEventListener("input", () => this.slide(name, Number(slider.value) / 100));
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.stage.addEventListener("wheel", (event) => { event.preventDefault(); this.zoomTo(this.zoom * (event.deltaY < 0 ? 1.08 : 1 / 1.08)); }, { passive: false });
    this.stage.addEventListener("keydown", (event) => this.key(event));
    if (this.file.files.length) this.load(); // chosen before this script had arrived
  }

  async load() {
    const file = this.file.files[0];
    this.picture?.close();
    this.picture = null;
    this.work.hidden = true;
    this.write(null);
    this.tell("");
    if (!file || !this.file.checkValidity()) return;
    let picture;
    try {
      picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      this.tell(say("图片无法打开，请选择 JPG 或 PNG 格式的照片。"));
      return;
    }
    if (this.file.files[0] !== file) return;
    this.picture = picture;
    this.work.hidden = false;
    this.act("reset");
    this.stage.focus();
  }

  // the turned picture's size, and how large the frame is on it, in its pixels
  get width() { return this.turn % 180 ? this.picture.height : this.picture.width; }
  get height() { return this.turn % 180 ? this.picture.width : this.picture.height; }
  get least() { return Math.max(FRAME.width / this.width, FRAME.height / this.height); }
  get scale() { return this.least * this.zoom; }
  get most() { return Math.max(1, Math.min(MOST, FRAME.width / this.smallest / this.least)); }
  get cutWidth() { return FRAME.width / this.scale; }
  get cutHeight() { return FRAME.height / this.scale; }

  act(what) {
    if (what === "in" || what === "out") this.zoomTo(this.zoom * (what === "in" ? 1.1 : 1 / 1.1));
    else if (what === "reset") {
      Object.assign(this, { turn: 0, zoom: 1 });
      this.x = this.width / 2;
      this.y = this.cutHeight / 2 + (this.height - this.cutHeight) * 0.4; // heads are in the upper half
      this.show();
    } else {
      const [x, y, width, height] = [this.x, this.y, this.width, this.height];
      this.turn = (this.turn + (what === "right" ? 90 : 270)) % 360;
      [this.x, this.y] = what === "right" ? [height - y, x] : [y, width - x];
      this.show();
    }
  }

  zoomTo(zoom) {
    if (!this.picture) return;
    this.zoom = zoom;
    this.show();
  }

  slide(name, share) {
    if (name === "zoom") this.zoom = this.most ** share;
    else if (name === "across") this.x = this.cutWidth / 2 + share * (this.width - this.cutWidth);
    else this.y = this.cutHeight / 2 + share * (this.height - this.cutHeight);
    this.show();
  }

  grab(event) {
    if (!this.picture || event.button) return;
    const shrunk = this.stage.width / this.stage.getBoundingClientRect().width;
    let [fromX, fromY] = [event.clientX, event.clientY];
    const move = (moved) => {
      this.x -= ((moved.clientX - fromX) * shrunk) / this.scale;
      this.y -= ((moved.clientY - fromY) * shrunk) / this.scale;
      [fromX, fromY] = [moved.clientX, moved.clientY];
      this.show();
    };
    const done = () => {
      this.stage.removeEventListener("pointermove", move);
      for (const end of ["pointerup", "pointercancel"]) this.stage.removeEventListener(end, done);
    };
    this.stage.setPointerCapture(event.pointerId);
    this.stage.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) this.stage.addEventListener(end, done);
  }

  key(event) {
    if (!this.picture || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const acts = { "+": "in", "=": "in", "-": "out", r: "right", R: "left", 0: "reset" };
    if (moves[event.key]) {
      this.x += moves[event.key][0] * STEP * this.cutWidth;
      this.y += moves[event.key][1] * STEP * this.cutHeight;
      this.show();
    } else if (acts[event.key]) this.act(acts[event.key]);
    else return;
    event.preventDefault();
  }

  /** Hold everything within its limits, draw, and put it into the form. */
  show() {
    const between = (low, value, high) => Math.min(Math.max(value, low), Math.max(low, high));
    this.zoom = between(1, this.zoom, this.most);
    this.x = between(this.cutWidth / 2, this.x, this.width - this.cutWidth / 2);
    this.y = between(this.cutHeight / 2, this.y, this.height - this.cutHeight / 2);
    const [left, top] = [this.x - this.cutWidth / 2, this.y - this.cutHeight / 2];
    this.draw(this.stage, EDGE, left, top);
    this.dim();
    this.draw(this.preview, 0, left, top);
    const room = { across: this.width - this.cutWidth, down: this.height - this.cutHeight };
    this.put("zoom", this.most > 1.001 ? Math.log(this.zoom) / Math.log(this.most) : null);
    this.put("across", room.across > 0.5 ? left / room.across : null);
    this.put("down", room.down > 0.5 ? top / room.down : null);
    const tooSmall = this.cutWidth < this.smallest - 1;
    this.tell(tooSmall ? say("照片太小，裁剪后不清晰，请换一张更清晰的照片。") : "");
    this.write({ turn: this.turn, left: left / this.width, top: top / this.height, width: this.cutWidth / this.width });
  }

  draw(canvas, edge, left, top) {
    const pen = canvas.getContext("2d");
    const { width, height } = this.picture;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = "#fff"; // paper under transparent parts
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.translate(edge + (this.width / 2 - left) * this.scale, edge + (this.height / 2 - top) * this.scale);
    pen.rotate((this.turn * Math.PI) / 180);
    pen.drawImage(this.picture, (-width / 2) * this.scale, (-height / 2) * this.scale, width * this.scale, height * this.scale);
    pen.setTransform(1, 0, 0, 1, 0, 0);
  }

  dim() {
    const pen = this.stage.getContext("2d");
    pen.fillStyle = "rgb(20 30 50 / .55)";
    pen.beginPath();
    pen.rect(0, 0, this.stage.width, this.stage.height);
    pen.rect(EDGE, EDGE, FRAME.width, FRAME.height);
    pen.fill("evenodd");
    pen.strokeStyle = "#fff";
    pen.lineWidth = 2;
    pen.strokeRect(EDGE, EDGE, FRAME.width, FRAME.height);
  }

  put(name, share) {
    this.sliders[name].disabled = share === null;
    this.sliders[name].value = (share ?? 0.5) * 100;
  }

  write(cut) {
    for (const name of ["left", "top", "width"]) this.form.elements[name].value = cut ? cut[name].toFixed(6) : "";
    this.form.elements.turn.value = String(cut?.turn ?? 0);
  }

  tell(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }
}
