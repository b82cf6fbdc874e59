// What the page does by itself: search, keys, colours, printing.
function search() {
  const criteria = asked();
  state.words = criteria.words;
  state.found = sorted([...SAMPLES.keys()].filter((place) => matches(place, criteria)), criteria.order);
  state.page = 0;
  if (state.found.length && !state.found.includes(state.left)) read(state.found[0]);
  else if (state.left !== null) read(state.left, state.right);
  list();
  at("reading").classList.toggle("stale", !state.found.length);
}

function turn(by) {
  state.page += by;
  list();
  at("list").querySelector(".row").focus();
}

function step(by) {
  const now = state.found.indexOf(state.left), next = Math.min(Math.max(now + by, 0), state.found.length - 1);
  if (Math.floor(next / PAGE) !== state.page) {
    state.page = Math.floor(next / PAGE);
    read(state.found[next]);
    list();
  } else read(state.found[next]);
  at("list").querySelector("[aria-current]")?.focus();
}

function stepBeside(by) {
  const others = SIBLINGS[SAMPLES[state.left].p].filter((place) => place !== state.left);
  if (!others.length) return;
  const now = others.indexOf(state.right);
  read(state.left, others[(now + by + others.length) % others.length]);
}

const KEYS = { ArrowDown: () => step(1), ArrowUp: () => step(-1), ArrowRight: () => stepBeside(1), ArrowLeft: () => stepBeside(-1) };
at("list").addEventListener("keydown", (event) => {
  if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey || state.left === null) return;
  event.preventDefault();
  KEYS[event.key]();
});

let waiting;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, 120);
});
form.addEventListener("reset", () => setTimeout(search)); // once the fields are empty
for (const button of document.querySelectorAll("[data-flip]")) {
  button.addEventListener("click", () => {
    form.reset();
    form.elements.flip.value = button.dataset.flip;
    setTimeout(() => (search(), at("samples").scrollIntoView(), at("list").querySelector(".row")?.focus()));
  });
}
at("previous").addEventListener("click", () => turn(-1));
at("next").addEventListener("click", () => turn(1));

const THEMES = { "": "Auto", light: "Light", dark: "Dark" };
const stored = (value) => {
  try {
    return value === undefined ? localStorage.getItem("jeoul-theme") : localStorage.setItem("jeoul-theme", value);
  } catch {
    return null; // a page opened from a file may have no storage
  }
};
function paint(theme) {
  document.documentElement.dataset.theme = theme;
  at("theme").querySelector("span").textContent = THEMES[theme];
  at("theme").setAttribute("aria-label", `Colours: ${theme || "as the system"}`);
}
at("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES), next = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
  paint(next);
  stored(next);
});
paint(stored() in THEMES ? stored() : "");

const unfolded = [];
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not([open])")) unfolded.push(one), (one.open = true);
});
addEventListener("afterprint", () => {
  for (const one of unfolded.splice(0)) one.open = false;
});

offerAll();
search();
