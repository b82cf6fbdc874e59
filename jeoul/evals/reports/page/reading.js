// The list of samples and the two panes in which they are read.
const PAGE = 100, LONG = 8000, HEAD = 5000, TAIL = 2000;
const UNSEEN = "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]";
const state = { found: [], page: 0, left: null, right: null, words: [] };
const at = (id) => document.getElementById(id);

/** An element with properties and children; a string is a text node, so that no text is ever markup. */
function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function seen(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Text nodes, with what is searched for marked, and characters that cannot be seen shown. */
function nodes(text) {
  const parts = state.words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).sort((a, b) => b.length - a.length);
  const pattern = new RegExp([UNSEEN, ...parts].join("|"), "gi");
  const found = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    found.push(text.slice(end, match.index));
    const hidden = new RegExp(`^${UNSEEN}$`).test(match[0]);
    found.push(hidden ? make("span", { className: "unseen" }, seen(match[0])) : make("mark", {}, match[0]));
    end = match.index + match[0].length;
  }
  return [...found, text.slice(end)];
}

const number = (value) => (value === null ? "–" : String(Number(value.toPrecision(4))));
const named = (sample) => (RUNS.length > 1 ? `${RUNS[sample.a]} · ` : "") + `sample ${sample.i}`;

function rowOf(place) {
  const sample = SAMPLES[place], problem = PROBLEMS[sample.p];
  const told = sample.r.find(Boolean) || sample.t.slice(0, 200).replace(/\s+/g, " ");
  const row = make("button", { type: "button", className: "row", tabIndex: place === state.left ? 0 : -1 },
    make("span", { className: `mark ${TONES[sample.v]}`, ariaHidden: "true" }, markOf(sample)),
    make("span", { className: "who" }, ...nodes(problem.id), make("small", {}, RUNS.length > 1 ? ` ${RUNS[sample.a]} · ${sample.i}` : ` ${named(sample)}`)),
    make("span", { className: "size" }, (lengthOf(sample) ?? sample.n).toLocaleString("en")),
    make("span", { className: "told", dir: "auto" }, ...nodes(told.slice(0, 160))));
  row.setAttribute("aria-label", `${problem.id}, ${named(sample)}, ${spaced(sample.v)}`);
  if (place === state.left) row.setAttribute("aria-current", "true");
  row.dataset.place = place;
  row.addEventListener("click", () => read(place));
  return make("li", {}, row);
}

function list() {
  const pages = Math.max(1, Math.ceil(state.found.length / PAGE)), start = state.page * PAGE;
  const shown = state.found.slice(start, start + PAGE);
  at("list").replaceChildren(...shown.map(rowOf));
  at("list").scrollTop = 0;
  const first = at("list").querySelector(".row");
  if (first && !at("list").querySelector("[aria-current]")) first.tabIndex = 0;
  at("previous").disabled = state.page === 0;
  at("next").disabled = state.page >= pages - 1;
  at("place").textContent = shown.length ? `${start + 1}–${start + shown.length} of ${state.found.length}` : "no sample";
  const problems = new Set(state.found.map((place) => SAMPLES[place].p)).size;
  at("count").textContent = `${state.found.length} of ${SAMPLES.length} samples, ${problems} of ${PROBLEMS.length} problems`;
}

/** What stands beside a sample: of another run the same repeat, else the first of the problem with another verdict. */
function beside(place) {
  const sample = SAMPLES[place], others = SIBLINGS[sample.p].filter((other) => other !== place);
  const elsewhere = others.filter((other) => SAMPLES[other].a !== sample.a);
  const near = elsewhere.find((other) => SAMPLES[other].i === sample.i) ?? elsewhere[0];
  return near ?? others.find((other) => judged(SAMPLES[other]) !== judged(sample)) ?? others[0] ?? null;
}

function chips(place, side) {
  const group = make("div", { className: "chips", role: "group", ariaLabel: "Samples of this problem" });
  for (const other of SIBLINGS[SAMPLES[place].p]) {
    const sample = SAMPLES[other];
    const label = (RUNS.length > 1 ? `${RUNS[sample.a].split(" ")[0]} ` : "") + sample.i; // "A 0"
    const chip = make("button", { type: "button", className: `chip ${TONES[sample.v]}`, ariaPressed: String(other === place) },
      `${label} `, make("span", { ariaHidden: "true" }, markOf(sample)));
    chip.setAttribute("aria-label", `${named(sample)}, ${spaced(sample.v)}`);
    chip.addEventListener("click", () => {
      side === "left" ? read(other, state.right === other ? beside(other) : state.right) : read(state.left, other);
      [...at(side).querySelectorAll(".chip")].find((one) => one.ariaPressed === "true")?.focus();
    });
    group.append(chip);
  }
  return group;
}

function cells(sample) {
  const rows = DATA.columns[sample.a].map((name, column) => {
    const status = sample.s?.[column] ?? "ok", gated = sample.g?.includes(column);
    const value = status === "ok" ? number(sample.x[column]) + (gated ? " (gated)" : "") : spaced(status);
    return make("tr", {}, make("th", { scope: "row" }, name),
      make("td", { className: ["ok", "not_applicable"].includes(status) ? "" : "warn" }, value),
      make("td", { className: "why", dir: "auto" }, ...nodes(sample.r[column] ?? "")));
  });
  return make("div", { className: "scroll" }, make("table", { className: "cells" }, make("tbody", {}, ...rows)));
}

/** A text, folded in the middle where it is long; what the report left out is said. */
function textOf(sample) {
  const box = make("div", { className: "text", tabIndex: 0, dir: "auto" });
  const whole = sample.t + (sample.z ?? "");
  const left = sample.c ? [make("span", { className: "cut" }, `… ${sample.c.toLocaleString("en")} characters are not in this report …`)] : [];
  if (whole.length <= LONG) {
    box.append(...nodes(sample.t), ...left, ...nodes(sample.z ?? ""));
    return box;
  }
  const end = sample.z ? sample.z.slice(-TAIL) : sample.t.slice(-TAIL);
  const more = make("button", { type: "button", className: "quiet more" },
    `Show ${(whole.length - HEAD - end.length).toLocaleString("en")} more characters`);
  more.addEventListener("click", () => box.replaceChildren(...nodes(sample.t), ...left, ...nodes(sample.z ?? "")));
  box.append(...nodes(sample.t.slice(0, HEAD)), make("span", { className: "cut" }, more), ...left, ...nodes(end));
  return box;
}

function pane(side, place) {
  const target = at(side);
  target.hidden = place === null;
  if (place === null) return target.replaceChildren();
  const sample = SAMPLES[place];
  const size = [`${sample.n.toLocaleString("en")} characters`];
  if (sample.k !== undefined) size.push(`${sample.k.toLocaleString("en")} tokens`);
  if (sample.f !== undefined) size.push(sample.f);
  target.replaceChildren(
    make("header", {}, make("span", { className: `mark ${TONES[sample.v]}`, ariaHidden: "true" }, markOf(sample)),
      make("strong", {}, named(sample)), ` ${spaced(sample.v)}`, make("small", {}, size.join(" · "))),
    ...(SIBLINGS[sample.p].length > 1 ? [chips(place, side)] : []), textOf(sample), cells(sample));
}

function read(place, other = beside(place)) {
  [state.left, state.right] = [place, other];
  const problem = PROBLEMS[SAMPLES[place].p];
  const about = [problem.subject, problem.level].filter(Boolean).join(" · ");
  at("problem").replaceChildren(
    make("h3", {}, ...nodes(problem.id), make("small", {}, about)), make("p", { className: "asked", dir: "auto" }, ...nodes(problem.text)),
    ...(problem.answer === undefined ? [] : [make("p", { className: "gold" }, make("small", {}, "answer "), make("code", {}, ...nodes(problem.answer)))]));
  pane("left", place);
  pane("right", other);
  for (const row of at("list").querySelectorAll(".row")) {
    const current = Number(row.dataset.place) === place;
    row.tabIndex = current ? 0 : -1;
    current ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current");
  }
}
