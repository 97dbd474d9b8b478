"use strict";
// Lights fields and the bytes they stand in, both ways, by pointer and by keyboard. It adds no text but what the page has.
(() => {
  const root = document.documentElement;
  const all = (where, what) => [...where.querySelectorAll(what)];

  // --- one packet ---

  function connect(section) {
    const dump = section.querySelector(".dump");
    const note = section.querySelector(".cell-note");
    const nodes = all(section, ".node");
    const placed = all(section, "[data-at]");
    const spots = new Map();
    for (const spot of all(dump, "[data-byte]")) {
      const at = Number(spot.dataset.byte);
      if (!spots.has(at)) spots.set(at, []);
      spots.get(at).push(spot);
    }
    let pinned = null;
    let here = -1;

    const range = (element) => [Number(element.dataset.at), Number(element.dataset.size)];

    function light(start, size) {
      for (const [at, pair] of spots) for (const spot of pair) spot.classList.toggle("lit", at >= start && at < start + size);
    }

    function tell(node) {
      const line = node.querySelector(":scope > .label") || node;
      note.replaceChildren(...[...line.childNodes].map((child) => child.cloneNode(true)));
    }

    function showField(element) {
      const [start, size] = element && element.dataset.at !== undefined ? range(element) : [0, 0];
      light(start, size);
      for (const one of placed) {
        const [other, length] = range(one);
        one.classList.toggle("lit", size > 0 && (one === element || (one.tagName === "g" && element.tagName !== "g" && other >= start && other + length <= start + size && length <= size && size <= 40)));
      }
    }

    // The narrowest fields that hold a byte.
    function fieldsOf(at) {
      const around = placed.filter((one) => { const [start, size] = range(one); return at >= start && at < start + size; });
      const fields = around.filter((one) => one.classList.contains("node"));
      const least = Math.min(...fields.map((one) => range(one)[1]));
      return { narrow: fields.filter((one) => range(one)[1] === least), drawn: around.filter((one) => one.tagName === "g") };
    }

    function showByte(at) {
      for (const one of placed) one.classList.remove("lit");
      for (const pair of spots.values()) for (const spot of pair) spot.classList.remove("here");
      if (at < 0) { light(0, 0); return null; }
      const { narrow, drawn } = fieldsOf(at);
      if (narrow.length) light(...range(narrow[0])); else light(at, 1);
      for (const one of [...narrow, ...drawn]) one.classList.add("lit");
      if (narrow.length) tell(narrow[0]); else note.textContent = "";
      return narrow.length ? narrow[0] : null;
    }

    function rest() {
      if (pinned) { showField(pinned); tell(pinned); } else { showByte(-1); note.textContent = ""; }
    }

    function pin(node) {
      for (const one of nodes) one.classList.toggle("pinned", one === node);
      pinned = node;
      if (node) { showField(node); tell(node); }
    }

    function uncover(node) {
      for (let up = node.parentElement.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
    }

    for (const node of nodes) {
      node.addEventListener("mouseenter", () => { showField(node); tell(node); });
      node.addEventListener("mouseleave", rest);
      node.addEventListener("focus", () => pin(node));
      node.addEventListener("click", () => pin(node));
    }
    for (const cell of placed.filter((one) => one.tagName === "g")) {
      cell.addEventListener("mouseenter", () => { showField(cell); cell.classList.add("lit"); });
      cell.addEventListener("mouseleave", rest);
      cell.addEventListener("click", () => { const found = fieldsOf(range(cell)[0]).narrow[0]; if (found) { uncover(found); found.focus(); } });
    }
    for (const [at, pair] of spots) {
      for (const spot of pair) {
        spot.addEventListener("mouseenter", () => showByte(at));
        spot.addEventListener("mouseleave", rest);
        spot.addEventListener("click", () => {
          const found = fieldsOf(at).narrow[0];
          if (found) { uncover(found); found.focus({ preventScroll: true }); found.scrollIntoView({ block: "nearest" }); }
        });
      }
    }

    function mark(at) {
      here = Math.max(0, Math.min(spots.size - 1, at));
      showByte(here);
      for (const spot of spots.get(here) || []) spot.classList.add("here");
    }

    dump.addEventListener("focus", () => { if (spots.size) mark(pinned && pinned.dataset.at !== undefined ? range(pinned)[0] : Math.max(here, 0)); });
    dump.addEventListener("blur", rest);
    dump.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: here - 1, ArrowRight: here + 1, ArrowUp: here - 16, ArrowDown: here + 16, Home: 0, End: spots.size - 1 };
      if (event.key in moves) {
        event.preventDefault();
        mark(moves[event.key]);
      } else if (event.key === "Enter") {
        const found = fieldsOf(here).narrow[0];
        if (found) { event.preventDefault(); uncover(found); found.focus(); }
      }
    });

    section.querySelector(".tree").addEventListener("keydown", (event) => {
      const node = event.target.closest(".node");
      if (!node || event.target.tagName === "A") return;
      const shown = nodes.filter((one) => one.getClientRects().length);
      const at = shown.indexOf(node);
      const fold = node.tagName === "SUMMARY" ? node.parentElement : null;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const next = shown[at + (event.key === "ArrowDown" ? 1 : -1)];
        if (next) next.focus();
      } else if (event.key === "ArrowRight" && fold) {
        event.preventDefault();
        if (!fold.open) fold.open = true; else if (shown[at + 1]) shown[at + 1].focus();
      } else if (event.key === "ArrowLeft") {
        event.preventDefault();
        if (fold && fold.open) { fold.open = false; return; }
        const above = (fold || node).parentElement.closest("details");
        if (above && section.contains(above) && above.querySelector(":scope > .node")) above.querySelector(":scope > .node").focus();
      } else if (event.key === "Enter" && !fold && node.dataset.at !== undefined) {
        event.preventDefault();
        dump.focus();
      }
    });

    for (const button of all(section, "[data-open]")) {
      button.addEventListener("click", () => { for (const one of all(section, ".tree details")) one.open = button.dataset.open === "all"; });
    }
  }

  all(document, ".packet").forEach(connect);

  for (const link of all(document, 'a[href^="#packet-"]')) {
    link.addEventListener("click", (event) => {
      const target = document.getElementById(link.hash.slice(1));
      if (!target) return;
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      target.scrollIntoView({ block: "start" });
      target.focus({ preventScroll: true });
    });
  }

  // --- language and theme ---

  function press() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    for (const button of all(document, "[data-choose-lang]")) button.setAttribute("aria-pressed", String(button.dataset.chooseLang === root.dataset.lang));
    for (const button of all(document, "[data-choose-theme]")) button.setAttribute("aria-pressed", String((button.dataset.chooseTheme === "dark") === dark));
  }

  for (const button of all(document, "[data-choose-lang]")) {
    button.addEventListener("click", () => {
      root.dataset.lang = button.dataset.chooseLang;
      root.lang = button.dataset.chooseLang === "zh" ? "zh-CN" : "en";
      press();
    });
  }
  for (const button of all(document, "[data-choose-theme]")) {
    button.addEventListener("click", () => { root.dataset.theme = button.dataset.chooseTheme; press(); });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", press);
  press();
})();
