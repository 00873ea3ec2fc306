/** What the scripts say, in the page's language: `web/scripts.py` writes it into the page. */

const words = JSON.parse(document.body.dataset.words ?? "{}");

/** The text called `name`, with `values` in their places: `%(n)s`. */
export function say(name, values = {}) {
  return words[name].replace(/%\((\w+)\)s/g, (_, place) => values[place]);
}

/** The same for a number of things: one, or several. */
export const count = (name, n) => say(n === 1 ? `${name}_one` : `${name}_many`, { n });
