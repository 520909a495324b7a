// Hands for the tests of the report: the steps of a test take the place of the comment below.
const seen = {};
const all = (selector) => [...document.querySelectorAll(selector)];
const svgs = all(".panel svg");
const number = (mark) => Number(mark.dataset.i);
const marks = (k) => [...svgs[k].querySelectorAll(".mark")].sort((a, b) => number(a) - number(b));
const classed = (k, name) => marks(k).filter((m) => m.classList.contains(name)).map(number);
const box = (node) => node.getBoundingClientRect();
const centre = (node) => [box(node).left + box(node).width / 2, box(node).top + box(node).height / 2];
const pointer = (type, node, [x, y], more = {}) => node.dispatchEvent(
  new PointerEvent(type, { bubbles: true, clientX: x, clientY: y, button: 0, pointerId: 1, ...more }));
const key = (name) => svgs[0].dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
const choose = (menu, value) => { menu.value = value; menu.dispatchEvent(new Event("change")); };
const drag = (k, from, to, more) => {
  pointer("pointerdown", svgs[k], from, more);
  pointer("pointermove", svgs[k], to, more);
  pointer("pointerup", svgs[k], to, more);
};
const corners = (k) => [[box(svgs[k]).left + 1, box(svgs[k]).top + 1], [box(svgs[k]).right - 1, box(svgs[k]).bottom - 1]];
const rows = () => all("#networks tbody tr").map((row) => row.cells[0].textContent);
const tip = document.querySelector("#tip");
/* steps */
document.body.append(Object.assign(document.createElement("pre"), { id: "seen", textContent: JSON.stringify(seen) }));
