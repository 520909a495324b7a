// Embeddings and the table of networks, with one selection for all.
(() => {
  const { put, make, shown, compare, sortable, sortRows } = tables;
  const tasks = JSON.parse(document.getElementById("data").textContent);
  const find = (selector, inside = document) => inside.querySelector(selector);
  const SVG = "http://www.w3.org/2000/svg";
  const SIZE = 600, MARGIN = 36, FIRST_ROWS = 200, CATEGORIES = 35, COLOURS = 7;
  // Of about the same area, centred on 0.
  const SHAPES = [
    "M-5.2 0a5.2 5.2 0 1 0 10.4 0a5.2 5.2 0 1 0-10.4 0Z", "M-4.6-4.6H4.6V4.6H-4.6Z", "M0-6.2L6 4.4H-6Z",
    "M0-6.6L5.4 0L0 6.6L-5.4 0Z", "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
  ];
  const panels = [...document.querySelectorAll(".panel")].map((figure) => ({
    menu: find("select", figure), svg: find("svg", figure), caption: find("figcaption", figure), marks: [], places: [],
  }));
  const taskMenu = find("#task"), colourMenu = find("#colour"), legend = find("#legend"), tip = find("#tip");
  let task = null, looks = [], hot = -1, selected = new Set(), order = [], everything = false;

  const draw = (name, attributes, parent, text = null) =>
    parent.appendChild(put(document.createElementNS(SVG, name), attributes, text));
  const fill = (menu, names, chosen) => {
    menu.replaceChildren(...names.map((name, k) => make("option", { value: k }, name)));
    menu.value = Math.max(0, chosen);
    menu.disabled = names.length < 2;
  };
  const columns = () => [...new Set(task.networks.flatMap((row) => Object.keys(row)))];

  // Colour: a category has a colour and a shape, a quantity a shade.
  const shade = (share) => {
    const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [230, 210, 40]]; // viridis
    const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
    return `rgb(${stops[low].map((c, k) => Math.round(c + (at - low) * (stops[low + 1][k] - c))).join(",")})`;
  };
  const colourings = () => {
    const known = columns().filter((name) => name !== "name");
    const first = ["group", "cell", "activation", "units", "loss"].filter((name) => known.includes(name));
    const both = first.includes("cell") && first.includes("activation") ? [["cell", "activation"]] : [];
    const others = known.filter((name) => !first.includes(name));
    return [...first.map((name) => [name]), ...both, ...others.map((name) => [name])];
  };
  const valueOf = (row, names) =>
    names.length === 1 ? row[names[0]] ?? null : names.map((name) => shown(row[name])).join(" ");
  const paint = () => {
    const names = colourings()[colourMenu.value] ?? [];
    const values = task.networks.map((row) => valueOf(row, names));
    const distinct = [...new Set(values)].sort(compare), numbers = values.filter((v) => typeof v === "number");
    const quantity = distinct.length > 8 && numbers.length === values.filter((v) => v !== null).length;
    legend.replaceChildren();
    if (quantity) {
      const low = Math.min(...numbers), high = Math.max(...numbers), log = low > 0 && high > 20 * low;
      const scaled = (v) => (log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low));
      looks = values.map((v) => (v === null ? { shape: 0, class: "fnone" } : { shape: 0, paint: shade(scaled(v)) }));
      const bar = draw("svg", { class: "scale", viewBox: "0 0 160 12", "aria-hidden": "true" }, legend);
      for (let k = 0; k < 40; k++) draw("rect", { x: 4 * k, width: 4.5, height: 12, fill: shade(k / 39) }, bar);
      legend.prepend(make("span", {}, `${names[0]}${log ? " (log)" : ""} ${shown(low)}`));
      legend.append(make("span", {}, shown(high)));
    } else {
      const rank = new Map(distinct.map((value, k) => [value, k % CATEGORIES]));
      looks = values.map((v) => ({ shape: rank.get(v) % SHAPES.length, class: `f${rank.get(v) % COLOURS}` }));
      for (const value of distinct.slice(0, CATEGORIES)) legend.append(entry(value, values, rank.get(value)));
      const rest = distinct.length - CATEGORIES;
      if (rest > 0) legend.append(make("span", {}, `and ${rest} more, in the same colours`));
    }
    panels.forEach((panel) => panel.marks.forEach((mark, i) => mark && dress(mark, looks[i])));
  };
  const entry = (value, values, rank) => {
    const members = values.flatMap((v, i) => (v === value ? [i] : []));
    const button = make("button", { type: "button" });
    draw("path", { d: SHAPES[rank % SHAPES.length], class: `f${rank % COLOURS}` },
      draw("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true" }, button));
    button.append(`${shown(value)} (${members.length})`);
    button.addEventListener("click", () => {
      const remove = members.every((i) => selected.has(i));
      members.forEach((i) => (remove ? selected.delete(i) : selected.add(i)));
      mirror();
    });
    return button;
  };
  const dress = (mark, look) => {
    mark.setAttribute("d", SHAPES[look.shape]);
    mark.dataset.look = look.class ?? "";
    if (look.paint) mark.setAttribute("fill", look.paint);
    else mark.removeAttribute("fill");
    restate(mark, mark.dataset.i);
  };
  const restate = (mark, i) => {
    const dim = selected.size > 0 && !selected.has(Number(i));
    mark.setAttribute("class", `mark ${mark.dataset.look}${dim ? " dim" : ""}${Number(i) === hot ? " hot" : ""}`);
  };

  // One panel: equal scales on both axes, and a bar that says how long a distance is.
  const plot = (panel) => {
    const measure = task.measures[panel.menu.value];
    panel.svg.replaceChildren();
    panel.marks = [];
    panel.places = [];
    panel.svg.setAttribute("viewBox", `0 0 ${SIZE} ${SIZE}`);
    if (!measure) {
      panel.caption.textContent = "No embedding.";
      return;
    }
    const there = measure.points.filter((p) => p[0] !== null && p[1] !== null);
    const range = (axis) =>
      there.reduce(([a, b], p) => [Math.min(a, p[axis]), Math.max(b, p[axis])], [Infinity, -Infinity]);
    const [x, y] = there.length ? [range(0), range(1)] : [[0, 1], [0, 1]];
    const extent = Math.max(x[1] - x[0], y[1] - y[0]) || 1, factor = (SIZE - 2 * MARGIN) / extent;
    const middle = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2];
    // Many marks are small, and drawn in an order that leaves no group on top of all others.
    const scale = Math.max(0.5, Math.min(1, Math.sqrt(400 / there.length))), mixed = (i) => (i * 0.6180339887) % 1;
    measure.points.map((p, i) => [p, i]).sort((a, b) => mixed(a[1]) - mixed(b[1])).forEach(([p, i]) => {
      if (p[0] === null || p[1] === null) return;
      panel.places[i] = [SIZE / 2 + factor * (p[0] - middle[0]), SIZE / 2 - factor * (p[1] - middle[1])];
      const place = panel.places[i].map((v) => v.toFixed(2)).join(" ");
      panel.marks[i] = draw("path", { transform: `translate(${place}) scale(${scale})`, "data-i": i }, panel.svg);
    });
    const power = 10 ** Math.floor(Math.log10(extent / 4));
    const length = power * ([5, 2].find((k) => k * power <= extent / 4) ?? 1);
    draw("path", { class: "bar", d: `M12 ${SIZE - 14}h${length * factor}` }, panel.svg);
    draw("text", { class: "note", x: 12, y: SIZE - 20 }, panel.svg, shown(length));
    const missing = measure.points.length - there.length;
    panel.svg.setAttribute("aria-label", `${measure.name}: ${there.length} networks`);
    panel.caption.textContent = `${measure.name}, ${there.length} networks, stress ${shown(measure.stress)}`;
    if (missing) panel.caption.append(`, ${missing} not placed`);
  };

  // What is pointed at and what is chosen, the same everywhere.
  const point = (i, event = null, panel = null) => {
    const before = hot;
    hot = i;
    for (const k of [before, hot]) {
      panels.forEach((one) => one.marks[k] && restate(one.marks[k], k));
      find(`#networks tr[data-i="${k}"]`)?.classList.toggle("hot", k === hot);
    }
    tip.hidden = i < 0;
    if (i < 0) return;
    const row = task.networks[i], stress = panel && task.measures[panel.menu.value].pointStress[i];
    const lines = columns().filter((key) => key !== "name").map((key) => `${key}: ${shown(row[key])}`);
    if (panel) lines.push(`stress here: ${shown(stress)}`);
    tip.textContent = [row.name ?? `network ${i}`, ...lines].join("\n");
    const mark = (panel ?? panels[0]).marks[i]?.getBoundingClientRect() ?? { right: 0, top: 0 };
    const [left, top] = event ? [event.clientX, event.clientY] : [mark.right, mark.top];
    tip.style.left = `${Math.max(0, Math.min(left + 14, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(0, Math.min(top + 14, innerHeight - tip.offsetHeight - 8))}px`;
  };
  const toggle = (i) => {
    if (!selected.delete(i)) selected.add(i);
    mirror();
  };
  const mirror = () => {
    panels.forEach((panel) => panel.marks.forEach((mark, i) => restate(mark, i)));
    find("#clear").disabled = selected.size === 0;
    find("#count").textContent = selected.size ? `${selected.size} of ${task.networks.length} selected` : "";
    list();
  };
  const listen = (panel) => {
    let start = null, box = null;
    const at = (event) => {
      const frame = panel.svg.getBoundingClientRect();
      return [(event.clientX - frame.left) * SIZE / frame.width, (event.clientY - frame.top) * SIZE / frame.height];
    };
    const over = (event) => (event.target.dataset?.i === undefined ? -1 : Number(event.target.dataset.i));
    panel.svg.addEventListener("pointerdown", (event) => {
      if (event.button === 0) start = { at: at(event), on: over(event) };
    });
    panel.svg.addEventListener("pointermove", (event) => {
      if (!start) point(over(event), event, panel);
      const a = start?.at, b = at(event);
      if (!start || (!box && Math.hypot(b[0] - a[0], b[1] - a[1]) < 5)) return;
      if (!box) {
        box = draw("rect", { class: "brush" }, panel.svg);
        if (event.isTrusted) panel.svg.setPointerCapture(event.pointerId);
      }
      ["x", "y"].forEach((side, k) => box.setAttribute(side, Math.min(a[k], b[k])));
      ["width", "height"].forEach((side, k) => box.setAttribute(side, Math.abs(a[k] - b[k])));
    });
    const finish = (event) => {
      if (!start) return;
      const [a, b] = [start.at, at(event)];
      if (box) {
        if (!event.shiftKey) selected = new Set();
        panel.places.forEach(([x, y], i) => {
          if ((x - a[0]) * (x - b[0]) <= 0 && (y - a[1]) * (y - b[1]) <= 0) selected.add(i);
        });
        box.remove();
        mirror();
      } else if (start.on >= 0) toggle(start.on);
      start = box = null;
    };
    panel.svg.addEventListener("pointerup", finish);
    panel.svg.addEventListener("pointercancel", () => { box?.remove(); start = box = null; });
    panel.svg.addEventListener("pointerleave", () => start || point(-1));
    panel.svg.addEventListener("blur", () => point(-1));
    panel.svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const placed = order.filter((i) => panel.marks[i]);
      if (step && placed.length) {
        const next = placed.indexOf(hot) < 0 ? (step > 0 ? 0 : placed.length - 1) : placed.indexOf(hot) + step;
        point(placed[(next + placed.length) % placed.length], null, panel);
      } else if (event.key === "Enter" && hot >= 0) toggle(hot);
      else return;
      event.preventDefault();
    });
    panel.menu.addEventListener("change", () => { plot(panel); paint(); });
  };

  const list = () => {
    const names = columns(), wanted = order.filter((i) => selected.size === 0 || selected.has(i));
    const visible = everything ? wanted : wanted.slice(0, FIRST_ROWS);
    find("#networks tbody").replaceChildren(...visible.map((i) => {
      const row = make("tr", { "data-i": i });
      row.classList.toggle("chosen", selected.has(i));
      row.append(...names.map((name) => {
        const value = task.networks[i][name];
        return make("td", typeof value === "number" ? { class: "number" } : {}, shown(value));
      }));
      row.addEventListener("pointerenter", (event) => point(i, event));
      row.addEventListener("pointerleave", () => point(-1));
      row.addEventListener("click", () => toggle(i));
      return row;
    }));
    find("#all").hidden = visible.length === wanted.length;
    find("#all").textContent = `Show all ${wanted.length} networks`;
  };
  const open = () => {
    task = tasks[taskMenu.value];
    [hot, selected, everything] = [-1, new Set(), false];
    order = task.networks.map((_, i) => i);
    const before = colourMenu.selectedOptions[0]?.textContent;
    const colours = colourings().map((names) => names.join(" and "));
    fill(colourMenu, colours, colours.indexOf(before));
    const names = task.measures.map((measure) => measure.name);
    const topology = task.measures.findIndex((measure) => measure.topology);
    fill(panels[0].menu, names, task.measures.findIndex((measure) => !measure.topology));
    fill(panels[1].menu, names, topology >= 0 ? topology : Math.min(1, names.length - 1));
    const table = find("#networks"), head = make("tr");
    const kind = (name) => (task.networks.some((row) => typeof row[name] === "number") ? { class: "number" } : {});
    head.append(...columns().map((name) => make("th", { scope: "col", ...kind(name) }, name)));
    table.tHead.replaceChildren(head);
    sortable(table, (k, sign) => {
      const name = columns()[k];
      order.sort((a, b) => sign * compare(task.networks[a][name], task.networks[b][name]) || a - b);
      list();
    });
    panels.forEach(plot);
    paint();
    mirror();
  };

  document.querySelectorAll("table.sortable").forEach(sortRows);
  document.querySelectorAll(".figures figure").forEach((figure) => {
    const image = find("img", figure), widen = () => figure.classList.toggle("wide");
    put(image, { tabindex: 0, role: "button", title: "Larger or smaller" }, null);
    image.addEventListener("click", widen);
    image.addEventListener("keydown", (event) => event.key === "Enter" && widen());
  });
  if (tasks.length === 0) {
    find(".controls").replaceChildren("No task has results.");
    return;
  }
  panels.forEach(listen);
  fill(taskMenu, tasks.map((one) => one.task), 0);
  taskMenu.addEventListener("change", open);
  colourMenu.addEventListener("change", paint);
  const clear = () => {
    selected = new Set();
    mirror();
  };
  find("#clear").addEventListener("click", clear);
  find("#all").addEventListener("click", () => { everything = true; list(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    point(-1);
    clear();
  });
  open();
})();
