// The table of records: only the rows in sight are elements, and only the pages in sight are loaded.
// A cursor is a place in one snapshot and is bound to neither keys nor page size, so far places are
// reached by pages of ids.
import { ask, h, icon, priorityClass, query, shown } from "./kit.js";

const page = 100, idsPage = 1000, keptPages = 60;
const columns = [
  ["issue_number", "Issue", "issue_number"], ["description", "What the customer says", null], ["priority", "Priority", "priority"], ["status", "Status", "status"],
  ["environment", "Environment", "environment"], ["area_impacted", "Area", "area_impacted"], ["created", "Created", "created"],
];
const fields = columns.map(([key]) => key).join();
const dates = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

export class Rows {
  constructor(calls) {
    this.calls = calls;
    this.total = 0;
    this.pages = new Map(); // index of the page → its records
    this.active = 0;
    this.pool = [];
    this.height = 0; // of a row, in px; 0 until it is known
    this.head = h("div", { class: "row head", role: "row", "aria-rowindex": "1" });
    this.body = h("div", { class: "body", role: "rowgroup" });
    this.empty = h("div", { class: "message" });
    this.rest = h("p", { class: "rest" }); // on paper only
    this.grid = h("div", { class: "grid", role: "grid", tabIndex: 0, "aria-label": "Records", "aria-rowcount": "1", "aria-colcount": String(columns.length), onkeydown: (event) => this.key(event), onscroll: () => this.scrolled() },
      h("div", { role: "rowgroup", class: "headgroup" }, this.head), this.body);
    this.root = h("section", { class: "card table", "aria-label": "Records" }, this.grid, this.empty, this.rest);
    new ResizeObserver(() => { this.height = 0; this.scrolled(); }).observe(this.grid);
    this.isPrint = false;
    this.print = () => { this.isPrint = true; this.height = 0; this.draw(); };
    this.printed = () => { this.isPrint = false; this.height = 0; this.draw(); };
    addEventListener("beforeprint", this.print);
    addEventListener("afterprint", this.printed);
    this.sorted("");
  }

  stop() {
    this.aborter?.abort();
    removeEventListener("beforeprint", this.print);
    removeEventListener("afterprint", this.printed);
  }

  /** sorted shows the order in the head. */
  sorted(sort) {
    const current = sort || "-created";
    const focused = document.activeElement?.dataset?.sort;
    this.head.replaceChildren(...columns.map(([key, name, by]) => {
      const isOn = by && current.replace("-", "") === by, isDown = current.startsWith("-");
      return h("div", { class: "cell " + key, role: "columnheader", "aria-sort": isOn ? (isDown ? "descending" : "ascending") : null },
        by ? h("button", { type: "button", "data-sort": by, onclick: () => this.calls.sort(isOn && isDown ? by : isOn ? "-" + by : by === "created" || by === "issue_number" ? "-" + by : by) },
          name, isOn ? icon(isDown ? "M4 6l4 5 4-5" : "M4 10l4-5 4 5") : null) : name);
    }));
    if (focused) this.head.querySelector(`[data-sort="${focused}"]`)?.focus();
  }

  /** load starts the table anew. The old rows stay until the first new ones are there. */
  async load(parameters) {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    this.grid.setAttribute("aria-busy", "true");
    try {
      const { body, headers } = await ask("/api/feedback/" + query({ ...parameters, fields, limit: page }), { signal });
      this.parameters = parameters;
      this.total = Number(headers.get("X-Total-Count"));
      this.snapshot = headers.get("X-Snapshot");
      this.pages = new Map([[0, body]]);
      this.cursors = new Map([[0, null]]);
      this.learn(0, page, headers);
      this.loading = new Set();
      this.active = 0;
      this.grid.scrollTop = 0;
      this.grid.setAttribute("aria-rowcount", String(this.total + 1));
      this.message("");
      this.draw();
      this.calls.loaded(this.total, headers.get("X-Unknown-Values"));
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.pages = new Map();
      this.total = 0;
      this.draw();
      this.calls.failed(problem);
    } finally {
      if (!signal.aborted) this.grid.removeAttribute("aria-busy");
    }
  }

  /** message shows what stands instead of rows. */
  message(node) {
    this.empty.replaceChildren(node || "");
    this.root.classList.toggle("without", Boolean(node));
  }

  learn(at, count, headers) {
    const cursor = headers.get("X-Next-Cursor");
    if (cursor) this.cursors.set(at + count, cursor);
  }

  /** fetchPage loads a page. It steps to its place from the nearest known one. */
  async fetchPage(index) {
    if (this.pages.has(index) || this.loading.has(index)) return;
    const { signal } = this.aborter;
    const loading = this.loading;
    loading.add(index);
    try {
      const start = index * page;
      let at = Math.max(...[...this.cursors.keys()].filter((known) => known <= start));
      while (at < start) {
        const limit = Math.min(idsPage, start - at);
        const { headers } = await this.page(at, limit, "id", signal);
        if (!headers.get("X-Next-Cursor")) return;
        this.learn(at, limit, headers);
        at += limit;
      }
      const { body, headers } = await this.page(at, page, fields, signal);
      this.learn(at, page, headers);
      this.pages.set(index, body);
      for (const old of [...this.pages.keys()].slice(0, -keptPages)) if (Math.abs(old - index) > 3) this.pages.delete(old);
      this.draw();
    } catch (problem) {
      if (problem.status === 410) this.load(this.parameters); // its snapshot is gone: start on the current one
      else if (problem.name !== "AbortError") setTimeout(() => { loading.delete(index); this.scrolled(); }, 3000);
    } finally {
      if (this.pages.has(index)) loading.delete(index);
    }
  }

  page(at, limit, keys, signal) {
    return ask("/api/feedback/" + query({ ...this.parameters, fields: keys, limit, cursor: this.cursors.get(at) }), { signal });
  }

  scrolled() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  record(i) { return this.pages.get(Math.floor(i / page))?.[i % page]; }

  /** draw shows the rows in sight; for print, the first hundred. A row keeps its element while it is in sight. */
  draw() {
    this.height ||= rowHeight(this.grid);
    const { height, isPrint } = this;
    this.rest.textContent = this.total > page ? `The first ${page} of ${this.total} records. The CSV has all.` : "";
    const first = isPrint ? 0 : Math.max(0, Math.floor(this.grid.scrollTop / height) - 4);
    const count = isPrint ? Math.min(page, this.total) : Math.max(0, Math.min(this.total - first, Math.ceil(this.grid.clientHeight / height) + 8));
    this.body.style.height = (isPrint ? count : this.total) * height + "px";
    while (this.pool.length < count) {
      const row = newRow(this);
      this.pool.push(row);
      this.body.append(row.root);
    }
    const size = this.pool.length;
    this.pool.forEach((row, k) => {
      const i = first + ((k - (first % size) + size) % size);
      row.root.hidden = i >= first + count;
      if (i < first + count) this.fillRow(row, i, height);
    });
    if (!isPrint && count) for (let p = Math.floor(first / page); p <= Math.floor((first + count - 1) / page); p++) this.fetchPage(p);
    this.mark();
  }

  fillRow(row, i, height) {
    const record = this.record(i);
    if (row.index !== i || row.height !== height) {
      row.root.style.transform = `translateY(${i * height}px)`;
      row.root.id = "row-" + i;
      row.root.setAttribute("aria-rowindex", String(i + 2));
    } else if (row.record === record && record) return;
    row.record = record;
    row.index = i;
    row.height = height;
    row.root.classList.toggle("waiting", !record);
    columns.forEach(([key], c) => {
      const value = record ? record[key] : null;
      const shownText = value == null ? "" : key === "created" ? dates.format(new Date(value)) : key === "description" ? value.slice(0, 300).replace(/\s+/g, " ") : shown(String(value));
      row.texts[c].data = shownText;
      if (key === "priority") row.cells[c].firstChild.className = record ? "badge " + priorityClass(value) : "";
    });
  }

  mark() {
    for (const row of this.pool) {
      const isActive = row.index === this.active && !row.root.hidden;
      row.root.classList.toggle("current", isActive);
      row.root.setAttribute("aria-selected", String(isActive));
      if (isActive) this.grid.setAttribute("aria-activedescendant", row.root.id);
    }
    if (!this.total) this.grid.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.target !== this.grid) return;
    const perPage = Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: perPage, PageUp: -perPage, Home: -this.total, End: this.total, j: 1, k: -1 };
    if (event.key in steps && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); this.move(steps[event.key]); }
    if (event.key === "Enter" && this.record(this.active)) this.calls.open(this.record(this.active).id);
  }

  /** move makes another row current, and returns the id of its record if that is loaded. */
  move(by) {
    this.active = Math.min(Math.max(this.active + by, 0), Math.max(0, this.total - 1));
    const top = this.active * this.height, head = this.head.offsetHeight;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + this.height + head > this.grid.scrollTop + this.grid.clientHeight) this.grid.scrollTop = top + this.height + head - this.grid.clientHeight;
    this.draw();
    return this.record(this.active)?.id;
  }

  focus() { this.grid.focus({ preventScroll: true }); }
}

function newRow(rows) {
  const texts = columns.map(() => document.createTextNode(""));
  const cells = columns.map(([key], c) => h("div", { class: "cell " + key, role: "gridcell" }, h("bdi", {}, texts[c])));
  const row = { cells, texts, root: h("div", { class: "row", role: "row" }, cells) };
  row.root.addEventListener("click", () => { rows.active = row.index; rows.mark(); if (row.record) rows.calls.open(row.record.id); });
  return row;
}

const rowHeight = (node) => parseFloat(getComputedStyle(node).getPropertyValue("--row")) || 52;

