// Tables that sort, and the few words that the page is written in. Text from the data becomes text nodes only.
"use strict";
const tables = (() => {
  const put = (node, attributes, text) => {
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== null) node.textContent = text;
    return node;
  };
  const make = (name, attributes = {}, text = null) => put(document.createElement(name), attributes, text);
  const shown = (value) => {
    if (value === null || value === undefined) return "–";
    if (typeof value !== "number" || Number.isInteger(value)) return String(value);
    return Math.abs(value) < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    const missing = (v) => v === null || v === undefined;
    return missing(a) - missing(b) || String(a).localeCompare(String(b), "en", { numeric: true });
  };
  const sortable = (table, sort) => {
    [...table.tHead.rows[0].cells].forEach((cell, k, cells) => {
      const button = make("button", { type: "button" }, cell.textContent);
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = cell.getAttribute("aria-sort") === "ascending";
        cells.forEach((other) => other.removeAttribute("aria-sort"));
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(k, down ? -1 : 1);
      });
    });
  };
  const sortRows = (table) => sortable(table, (k, sign) => {
    const value = (row) => {
      const text = row.cells[k].textContent;
      return text === "–" || text === "" ? null : Number.isFinite(Number(text)) ? Number(text) : text;
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort((a, b) => sign * compare(value(a), value(b))));
  });
  return { put, make, shown, compare, sortable, sortRows };
})();
