/** The player: play, seek on the waveform, ten seconds back, speed, volume. Without this script the browser's own player is there. */

import { say } from "./words.js";

const HEARD_AFTER = 3; // s of listening that count as having heard it
const wish = { speed: 1, volume: 1 }; // kept from message to message
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
let current = null;

/** The player on the page now, or null. */
export const player = () => current;

/** Make the player in `root` work. `heard()` is called once when somebody has listened, `active()` while they do. */
export function setUp(root, { heard, active }) {
  current?.stop();
  current = null;
  const holder = root.querySelector("[data-player]");
  if (holder) current = new Player(holder, heard, active);
}

class Player {
  constructor(holder, heard, active) {
    const find = (selector) => holder.querySelector(selector);
    this.holder = holder;
    this.audio = find("audio");
    this.seekBar = find(".wave-seek");
    this.part = find("#played-part");
    this.needle = find(".wave-needle");
    this.at = find(".player-at");
    this.playButton = find(".player-play");
    this.width = find(".wave svg").viewBox.baseVal.width;
    this.heard = heard;
    this.active = active;
    this.listened = 0;
    this.lastPlace = 0;

    this.audio.controls = false;
    this.audio.hidden = true;
    find(".player-face").hidden = false;
    this.playButton.addEventListener("click", () => this.toggle());
    find(".player-back").addEventListener("click", () => this.skip(-10));
    this.seekBar.addEventListener("input", () => this.seek(Number(this.seekBar.value)));
    this.choice(find(".player-speed select"), "speed", (value) => (this.audio.playbackRate = value));
    this.choice(find(".player-volume input"), "volume", (value) => (this.audio.volume = value));
    this.audio.addEventListener("timeupdate", () => this.moved());
    this.audio.addEventListener("seeking", () => this.draw());
    this.audio.addEventListener("loadedmetadata", () => (this.audio.playbackRate = wish.speed));
    for (const event of ["play", "pause", "ended"]) this.audio.addEventListener(event, () => this.changed());
    this.audio.addEventListener("error", () => (find(".player-trouble").hidden = false));
    this.draw();
  }

  get seconds() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : Number(this.holder.dataset.seconds);
  }

  toggle() {
    if (this.audio.paused) this.audio.play().catch(() => {});
    else this.audio.pause();
  }

  stop() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  skip(seconds) {
    this.seek(this.audio.currentTime + seconds);
  }

  seek(place) {
    this.audio.currentTime = Math.min(Math.max(0, place), this.seconds);
    this.lastPlace = this.audio.currentTime;
    this.draw();
  }

  choice(control, name, apply) {
    control.value = String(wish[name]);
    apply(wish[name]);
    control.addEventListener("input", () => {
      wish[name] = Number(control.value);
      apply(wish[name]);
    });
  }

  changed() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.holder.classList.toggle("playing", playing);
    this.playButton.setAttribute("aria-label", say(playing ? "pause" : "play"));
    if (this.audio.ended) this.hear();
    if (playing && !still.matches) this.follow();
    this.draw();
  }

  follow() {
    this.draw();
    if (this.holder.classList.contains("playing") && this.holder.isConnected) requestAnimationFrame(() => this.follow());
  }

  moved() {
    const step = this.audio.currentTime - this.lastPlace;
    this.lastPlace = this.audio.currentTime;
    if (!this.audio.paused) this.active();
    if (step > 0 && step < 2) this.listened += step;
    if (this.listened >= Math.min(HEARD_AFTER, this.seconds * 0.8)) this.hear();
    if (still.matches || this.audio.paused) this.draw();
  }

  hear() {
    this.heard?.();
    this.heard = null;
  }

  draw() {
    const place = this.audio.currentTime;
    const fraction = this.seconds ? Math.min(1, place / this.seconds) : 0;
    this.part.setAttribute("width", String(fraction * this.width));
    this.needle.style.left = `${fraction * 100}%`;
    this.seekBar.value = String(place);
    this.seekBar.setAttribute("aria-valuetext", say("place", { at: Math.floor(place), whole: Math.round(this.seconds) }));
    this.at.textContent = clock(place);
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
