/** What runs on every page after log-in. Everything here only makes quicker what links and forms do without it. */

import { ask, elements } from "./ask.js";
import { start as keepDrafts } from "./drafts.js";
import { start as sendOnce } from "./once.js";
import { watch } from "./session.js";
import { follow } from "./work.js";

const parts = {
  list: async () => {},
  box: async () => {
    await renew("strip", "/parts/strip");
    await renew("status", "/parts/status");
  },
};

async function renew(id, address) {
  const old = document.getElementById(id);
  if (!old) return;
  const fresh = elements(await ask(address)).getElementById(id);
  if (!old.isEqualNode(fresh)) old.replaceWith(fresh);
}

if (document.getElementById("list")) {
  const [list, message, search, keys] = await Promise.all(["list", "message", "search", "keys"].map((name) => import(`./${name}.js`)));
  parts.list = () => Promise.all([list.refresh(), message.refreshMessage()]);
  message.start();
  search.start();
  keys.start();
}

keepDrafts();
sendOnce();
if (document.getElementById("work")) follow(document.getElementById("work"));
watch((what) => parts[what]());
document.body.dataset.live = "yes";
