"use strict";
// Walks the segments of the ladder. Everything shown comes from the JSON beside this script and is set as text only.
(() => {
  const data = unpacked(JSON.parse(document.getElementById("data").textContent));
  const root = document.documentElement;
  const panel = document.getElementById("details");
  const order = data.order;
  let lang = root.dataset.lang;
  let at = 0;

  function unpacked({ shared, value }) {  // what occurs more than once stands once, and is never changed
    const known = [];
    const open = (part) => {
      if (Array.isArray(part)) return part.map(open);
      if (part === null || typeof part !== "object") return part;
      if ("$" in part) return known[part.$];
      return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, open(one)]));
    };
    for (const one of shared) known.push(open(one));
    return open(value);
  }

  const say = (text) => (text !== null && typeof text === "object" ? text[lang] : text);
  const word = (key, n) => data.words[key][lang].replace("{n}", () => String(n));

  function make(tag, options = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options)) {
      if (name === "class") element.className = value;
      else if (name === "text") element.textContent = value;
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const heading = (key) => make("h3", { text: word(key) });

  // --- the panel ---

  function titleLine(title) {
    const button = (label, sign, step, enabled) => {
      const made = make("button", { type: "button", "aria-label": word(label), title: word(label), text: sign });
      made.disabled = !enabled;
      made.addEventListener("click", () => choose(at + step, false));
      return made;
    };
    const back = make("button", { type: "button", class: "back", text: "↑ " + word("ui.back") });
    back.addEventListener("click", () => focusDrawing());
    return make("div", { class: "title" },
      make("h2", { text: title, "aria-live": "polite" }),
      make("span", { class: "nav" }, back, button("ui.previous", "‹", -1, at > 0), button("ui.next", "›", 1, at < order.length - 1)));
  }

  function statesPart(segment) {
    const grid = make("div", { class: "states" });
    ["name.client", "name.server"].forEach((who, side) => {
      const [before, after] = segment.states[side];
      const changed = before !== after;
      grid.append(make("span", { text: word(who) }), make("span", { class: "mono" },
        changed ? make("span", { class: "was", text: before + " → " }) : null, make("span", { text: after })));
      for (const told of segment.possible[side] || []) {
        if (say(told)) grid.append(make("span", {}), make("span", { class: "possible", text: say(told) }));
      }
    });
    return [heading("ui.states"), grid];
  }

  function whyPart(segment) {
    if (!segment.why.length) return [];
    const grid = make("div", { class: "why" });
    for (const one of segment.why) {
      const mark = (one.holds ? "✓ " : "✗ ") + (one.section ? "§" + one.section : "");
      grid.append(make("code", { text: one.formula }), make("span", { class: "text", text: say(one.text) }),
        make("span", { class: one.holds ? "good" : "bad", text: mark, title: word(one.holds ? "ui.holds" : "ui.fails") }));
    }
    return [heading("ui.why"), grid];
  }

  function rulesPart(segment) {
    if (!segment.rules.length) return [];
    const list = make("ul", { class: "rules" });
    for (const rule of segment.rules) {
      list.append(make("li", {}, make("span", { text: say(rule.text) + " " }),
        make("code", { text: rule.id + (rule.section ? " · §" + rule.section : "") })));
    }
    return [heading("ui.rules"), list];
  }

  function flagsPart(segment) {
    const list = make("div", { class: "flag-list" });
    for (const name of segment.flags) list.append(make("b", { text: name }), make("span", { text: say(data.flags[name]) }));
    const others = Object.keys(data.flags).filter((name) => !segment.flags.includes(name));
    const off = make("details", { class: "off" }, make("summary", { text: word("ui.flags-clear", others.join(", ")) }));
    for (const name of others) off.append(make("div", { text: name + ": " + say(data.flags[name]) }));
    list.append(off);
    return [heading("ui.flags"), list];
  }

  function headerPart(segment) {
    if (!segment.cells) return [];
    const grid = make("div", { class: "header-grid" });
    const note = make("div", { class: "cell-note", text: word("ui.point") });
    for (const bit of [0, 4, 8, 12, 16, 20, 24, 28]) {
      const ruler = make("div", { class: "bit-number", text: String(bit) });
      ruler.style.gridColumn = `${bit + 1} / span 4`;
      ruler.style.gridRow = "1";
      grid.append(ruler);
    }
    for (const cell of segment.cells) {
      const flag = cell.bits === 1;
      const derived = !flag && /[A-Z]/.test(say(cell.value).charAt(0)) && cell.row < 3;
      const box = make("div", { class: "cell" + (flag ? " flag" : "") + (cell.on ? " on" : "") + (derived ? " derived" : "") },
        make("span", { text: say(cell.title) }), flag ? null : make("b", { text: say(cell.value) }));
      box.style.gridColumn = `${cell.bit + 1} / span ${cell.bits}`;
      box.style.gridRow = String(cell.row + 2);
      linkBytes(box, cell.at, cell.size, () => {
        note.replaceChildren(make("b", { text: say(cell.title) + " " }), make("span", { text: say(cell.meaning) }));
      });
      grid.append(box);
    }
    return [make("h3", { text: say(segment.title) }), grid, note];
  }

  function layersPart(segment) {
    if (!segment.models) return [];
    const grid = make("div", { class: "models" });
    for (const cell of segment.models) {
      const box = make("div", { class: cell.kind, text: say(cell.text) });
      box.style.gridColumn = String(cell.column);
      box.style.gridRow = `${cell.row} / span ${cell.rows}`;
      grid.append(box);
    }
    return [heading("ui.layers"), grid, make("p", { class: "why-four", text: say(segment.four) })];
  }

  function treePart(segment) {
    if (!segment.tree) return [];
    const top = make("div", { class: "tree" });
    const note = make("div", { class: "cell-note", text: word("ui.point") });
    const draw = (node, into) => {
      const says = () => {
        if (!node.key) { note.textContent = ""; return; }
        note.replaceChildren(make("b", { text: node.name + " " }), make("span", { text: say(data.meanings[node.key]) }));
      };
      const line = [make("span", { text: say(node.label) })];
      if (node.name) line.push(make("span", { class: "name", text: "  " + node.name }));
      let element;
      if (node.children && node.children.length) {
        const summary = make("summary", {}, ...line);
        element = make("details", {}, summary);
        linkBytes(summary, node.at, node.size, says);
        for (const child of node.children) draw(child, element);
      } else {
        element = make("div", { class: "leaf" }, ...line);
        linkBytes(element, node.at, node.size, says);
      }
      into.append(element);
    };
    for (const node of segment.tree) draw(node, top);
    return [heading("ui.tree"), top, note];
  }

  // --- bytes, linked both ways with what they mean ---

  let links = [];
  let spots = [];

  function linkBytes(element, start, size, also) {
    if (!(size > 0) || start < 0) { if (also) element.addEventListener("mouseenter", also); return; }
    links.push({ element, start, size, also });
    element.addEventListener("mouseenter", () => { light(start, size); if (also) also(); });
    element.addEventListener("mouseleave", () => light(0, 0));
  }

  function light(start, size) {
    spots.forEach((pair, index) => {
      const on = index >= start && index < start + size;
      for (const spot of pair) spot.classList.toggle("lit", on);
    });
  }

  function fieldsOf(index) {
    const around = links.filter((link) => index >= link.start && index < link.start + link.size);
    const least = Math.min(...around.map((link) => link.size));
    return around.filter((link) => link.size === least);
  }

  function bytesPart(segment) {
    if (!segment.bytes) return [heading("ui.bytes"), make("p", { class: "soft", text: word("ui.no-packet") })];
    const dump = make("div", { class: "dump" });
    const count = segment.bytes.length / 2;
    const wide = panel.clientWidth < 470 ? 8 : 16;
    const inHeader = segment.cells ? segment.cells[0].at : -1;
    const last = segment.cells ? segment.cells[segment.cells.length - 1] : null;
    spots = [];
    for (let row = 0; row < count; row += wide) {
      const line = make("div", {}, make("span", { class: "offset", text: row.toString(16).padStart(4, "0") + "  " }));
      const shown = [];
      for (let index = row; index < Math.min(row + wide, count); index++) {
        const value = parseInt(segment.bytes.substr(index * 2, 2), 16);
        const own = inHeader >= 0 && index >= inHeader && index < last.at + last.size ? "tcp" : "";
        const hex = make("i", { class: own, text: segment.bytes.substr(index * 2, 2) });
        const character = make("i", { text: value > 31 && value < 127 ? String.fromCharCode(value) : "·" });
        spots.push([hex, character]);
        shown.push(character);
        for (const spot of [hex, character]) {
          spot.addEventListener("mouseenter", () => lightField(index));
          spot.addEventListener("mouseleave", () => lightField(-1));
        }
        line.append(hex, " ");
      }
      line.append("   ".repeat(wide - shown.length) + " ", ...shown);
      dump.append(line);
    }
    return [heading("ui.bytes"), dump, segment.cut ? make("p", { class: "soft", text: say(segment.cut) }) : null].filter(Boolean);
  }

  function lightField(index) {
    for (const link of links) link.element.classList.remove("lit");
    if (index < 0) { light(0, 0); return; }
    const found = fieldsOf(index);
    if (found.length) light(found[0].start, found[0].size);
    for (const link of found) {
      link.element.classList.add("lit");
      if (link.also) link.also();
    }
  }

  // --- choosing ---

  function showSegment(index) {
    const segment = data.segments[index];
    const where = [say(segment.way), segment.time, word("ui.frame", segment.frame)].join(" · ");
    const parts = [
      titleLine([word("ui.segment", index + 1), segment.name, say(segment.phase)].join(" · ")),
      make("div", { class: "where", text: where }),
      make("p", { class: "says", text: say(segment.says) }),
      ...whyPart(segment), ...statesPart(segment),
    ];
    if (segment.analysis.length) parts.push(heading("ui.analysis"), make("p", { text: segment.analysis.join(", ") }));
    if (segment.opinion) parts.push(heading("ui.opinion"), make("p", { text: say(segment.opinion) }));
    parts.push(...headerPart(segment), ...flagsPart(segment), ...rulesPart(segment), ...layersPart(segment),
      ...bytesPart(segment), ...treePart(segment));
    panel.replaceChildren(...parts);
  }

  function showRun(first) {
    const run = data.runs[first];
    const table = make("table", { class: "run-table" });
    table.append(make("tr", {}, ...["ui.column.time", "ui.column.who", "ui.column.flags"].map((key) => make("th", { text: word(key) })),
      ...["Seq", "Ack", word("ui.column.length")].map((text) => make("th", { text }))));
    for (const row of run.rows) table.append(make("tr", {}, ...row.map((value) => make("td", { text: value === null ? "" : String(say(value)) }))));
    panel.replaceChildren(titleLine(say(run.title)), make("p", { class: "says", text: say(run.says) }), table,
      make("p", { class: "soft", text: run.more ? say(run.more) : "" }));
  }

  function marker(kind, first) { return kind === "run" ? `[data-run="${first}"]` : `[data-step="${first}"]`; }

  function show() {
    if (!order.length) return;
    links = [];
    spots = [];
    const [kind, first] = order[at];
    if (kind === "run") showRun(first);
    else showSegment(first);
    document.querySelectorAll(".chosen").forEach((element) => element.classList.remove("chosen"));
    document.querySelectorAll(marker(kind, first)).forEach((element) => element.classList.add("chosen"));
  }

  function choose(next, bring) {
    const bounded = Math.max(0, Math.min(order.length - 1, next));
    at = bounded;
    panel.scrollTop = 0;
    show();
    if (bring && getComputedStyle(panel).position !== "sticky") panel.scrollIntoView({ block: "start" });
  }

  function focusDrawing() {
    const [kind, first] = order[at];
    for (const element of document.querySelectorAll(".ladder " + marker(kind, first))) {
      if (element.getClientRects().length) { element.focus(); element.scrollIntoView({ block: "nearest" }); }
    }
  }

  function position(element) {
    const kind = element.dataset.run === undefined ? "segment" : "run";
    const first = Number(kind === "run" ? element.dataset.run : element.dataset.step);
    return order.findIndex((entry) => entry[0] === kind && entry[1] === first);
  }

  document.querySelectorAll("[data-step], [data-run]").forEach((element) => {
    element.addEventListener("click", () => choose(position(element), true));
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target;
    if (target.closest("#details") && ["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key) && target !== panel) return;
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, j: at + 1, k: at - 1, Home: 0, End: order.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      choose(moves[event.key], false);
      focusDrawing();
    } else if ((event.key === "Enter" || event.key === " ") && target.matches("[data-step], [data-run]")) {
      event.preventDefault();
      choose(position(target), true);
    }
  });

  // --- language and theme ---

  function press() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.querySelectorAll("[data-choose-lang]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.chooseLang === lang)));
    document.querySelectorAll("[data-choose-theme]").forEach((button) => button.setAttribute("aria-pressed", String((button.dataset.chooseTheme === "dark") === dark)));
  }

  document.querySelectorAll("[data-choose-lang]").forEach((button) => button.addEventListener("click", () => {
    lang = root.dataset.lang = button.dataset.chooseLang;
    root.lang = lang === "zh" ? "zh-CN" : "en";
    press();
    show();
  }));
  document.querySelectorAll("[data-choose-theme]").forEach((button) => button.addEventListener("click", () => {
    root.dataset.theme = button.dataset.chooseTheme;
    press();
  }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", press);

  press();
  show();
})();
