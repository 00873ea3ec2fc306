/** The pages of a fax: larger and smaller, page by page, turned. Without this script they stand one under another at full width. */

import { say } from "./words.js";

const READ_AFTER = 2000; // ms of looking at the first page that count as having read it
const STEPS = [0.5, 0.75, 1, 1.5, 2, 3, 4];
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const wide = window.matchMedia("(min-width: 60rem)");
let current = null;

/** The fax on the page now, or null. */
export const fax = () => current;

/** Make the fax in `root` work. `read()` is called once when somebody has looked at it, `active()` while they do. */
export function setUp(root, { read, active }) {
  current?.stop();
  current = null;
  const holder = root.querySelector("[data-fax]");
  if (holder?.querySelector(".sheets")) current = new Fax(root, holder, read, active);
}

class Fax {
  constructor(root, holder, read, active) {
    this.root = root;
    this.holder = holder;
    this.sheets = holder.querySelector(".sheets");
    this.jump = holder.querySelector(".fax-jump select");
    this.fitButton = holder.querySelector("[data-zoom=fit]");
    this.read = read;
    this.active = active;
    this.zoom = 1;
    this.ended = new AbortController();
    const signal = this.ended.signal;

    for (const tool of holder.querySelectorAll(".fax-zoom, .fax-jump")) tool.hidden = false;
    holder.querySelector("[data-zoom=smaller]").addEventListener("click", () => this.smaller());
    holder.querySelector("[data-zoom=larger]").addEventListener("click", () => this.larger());
    this.fitButton.addEventListener("click", () => this.fit());
    this.jump?.addEventListener("change", () => this.show(Number(this.jump.value)));
    this.sheets.addEventListener("pointerdown", (event) => this.grab(event));
    for (const place of [root, window]) place.addEventListener("scroll", () => this.moved(), { passive: true, signal });
    window.addEventListener("resize", () => this.sharpen(), { signal });
    window.visualViewport?.addEventListener("resize", () => this.sharpen(), { signal }); // pinched
    document.addEventListener("visibilitychange", () => this.look(), { signal });
    this.pictures().forEach((picture) => this.attend(picture));
    this.draw();
  }

  stop() {
    clearTimeout(this.timer);
    this.ended.abort();
  }

  pages = () => [...this.sheets.querySelectorAll(".sheet")];
  pictures = () => [...this.sheets.querySelectorAll(".sheet img")];

  larger = () => this.scale(STEPS.find((step) => step > this.zoom) ?? this.zoom);
  smaller = () => this.scale(STEPS.findLast((step) => step < this.zoom) ?? this.zoom);
  fit = () => this.scale(1);

  /** What is in the middle of the screen stays there. */
  scale(zoom) {
    const middle = this.middle();
    const page = this.pageAt(middle.y) ?? this.pages()[0];
    const paper = page.querySelector(".sheet-paper");
    const before = paper.getBoundingClientRect();
    const [x, y] = [(middle.x - before.left) / before.width, (middle.y - before.top) / before.height];
    this.zoom = zoom;
    this.draw();
    const after = paper.getBoundingClientRect();
    this.sheets.scrollLeft += after.left + x * after.width - middle.x;
    this.scroller().scrollBy({ top: after.top + y * after.height - middle.y, behavior: "instant" });
    this.moved();
  }

  draw() {
    this.sheets.style.setProperty("--zoom", String(this.zoom));
    this.sheets.classList.toggle("zoomed", this.zoom > 1);
    this.sheets.tabIndex = this.zoom > 1 ? 0 : -1; // then it scrolls, for keys as well
    this.fitButton.textContent = this.zoom === 1 ? say("fit") : `${Math.round(this.zoom * 100)} %`;
    this.holder.querySelector("[data-zoom=smaller]").disabled = this.zoom === STEPS[0];
    this.holder.querySelector("[data-zoom=larger]").disabled = this.zoom === STEPS.at(-1);
    this.sharpen();
  }

  /** Let the browser take the picture that fits the size on the screen, pinched or not. */
  sharpen() {
    const width = Math.ceil((this.sheets.clientWidth || 1) * this.zoom * (window.visualViewport?.scale ?? 1));
    for (const picture of this.pictures()) picture.sizes = `${width}px`;
  }

  /** The next page or the one before; where a page is larger than its place, further to that side of it. */
  step(by) {
    if (this.zoom > 1) this.sheets.scrollBy({ left: by * 0.3 * this.sheets.clientWidth, behavior: still.matches ? "instant" : "smooth" });
    else this.show(this.number() + by);
  }

  show(number) {
    const page = this.pages()[Math.min(Math.max(1, number), this.pages().length) - 1];
    page.scrollIntoView({ block: "start", behavior: still.matches ? "instant" : "auto" });
    this.active?.();
  }

  /** A screen further, with a little of what was there. */
  down() {
    const scroller = this.scroller();
    scroller.scrollBy({ top: 0.85 * (scroller === window ? window.innerHeight : scroller.clientHeight) - this.bar() });
  }

  turn(way) {
    this.holder.querySelector(`.fax-turn .icon-turn-${way}`).closest("button").click();
  }

  /** Take from `fresh` the pages that are turned in another way than before. The page that is looked at stays where it is, whatever height those above have now. */
  renew(fresh) {
    const looked = this.number();
    const top = this.topOf(looked);
    const held = document.activeElement?.closest?.(".sheet .sheet-turn form");
    const by = held?.elements.by.value;
    const at = held?.closest(".sheet").id;
    for (const page of this.pages()) {
      const turned = fresh.querySelector(`#${page.id}`);
      if (!turned || turned.dataset.mark === page.dataset.mark) continue;
      page.replaceWith(turned);
      this.attend(turned.querySelector("img"));
    }
    this.sharpen();
    this.scroller().scrollBy({ top: this.topOf(looked) - top, behavior: "instant" });
    if (at) document.querySelector(`#${at} .sheet-turn .icon-turn-${by}`)?.closest("button").focus({ preventScroll: true });
  }

  attend(picture) {
    picture.addEventListener("error", () => {
      picture.hidden = true;
      picture.parentElement.querySelector(".sheet-trouble").hidden = false;
    });
    picture.addEventListener("load", () => this.look());
    if (picture.complete && picture.naturalWidth) this.look();
  }

  /** Somebody looks while the first page that came is on a screen that is looked at. */
  look() {
    clearTimeout(this.timer);
    const there = this.pictures().some((picture) => picture.complete && picture.naturalWidth);
    if (!there || document.visibilityState !== "visible" || !this.read) return;
    this.timer = setTimeout(() => {
      this.read();
      this.read = null;
    }, READ_AFTER);
  }

  moved() {
    if (this.jump) this.jump.value = String(this.number());
  }

  number() {
    return Number((this.pageAt(this.top() + 0.3 * this.height()) ?? this.pages()[0]).dataset.page);
  }

  topOf = (number) => this.pages()[number - 1].getBoundingClientRect().top;

  /** The page at that height of the screen, or the last one above it. */
  pageAt(y) {
    return this.pages().findLast((page) => page.getBoundingClientRect().top <= y);
  }

  scroller = () => (wide.matches ? this.root : window);
  bar = () => this.holder.querySelector(".fax-bar").offsetHeight;
  top = () => (wide.matches ? this.root.getBoundingClientRect().top : 0) + this.bar();
  height = () => (wide.matches ? this.root.clientHeight : window.innerHeight) - this.bar();
  middle() {
    const box = this.sheets.getBoundingClientRect();
    return { x: box.left + box.width / 2, y: this.top() + this.height() / 2 };
  }

  /** With a mouse, a page that is larger than its place is drawn about by hand. */
  grab(start) {
    if (start.pointerType !== "mouse" || start.button !== 0 || this.zoom <= 1 || start.target.closest("button")) return;
    start.preventDefault();
    let last = start;
    const done = new AbortController();
    const move = (event) => {
      this.sheets.scrollLeft -= event.clientX - last.clientX;
      this.scroller().scrollBy({ top: last.clientY - event.clientY, behavior: "instant" });
      last = event;
    };
    const end = () => {
      done.abort();
      this.sheets.classList.remove("held");
    };
    this.sheets.classList.add("held");
    this.sheets.setPointerCapture(start.pointerId);
    this.sheets.addEventListener("pointermove", move, { signal: done.signal });
    for (const ending of ["pointerup", "pointercancel"]) this.sheets.addEventListener(ending, end, { signal: done.signal });
  }
}
