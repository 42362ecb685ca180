"use strict";

const form = document.getElementById("wish");
const button = document.getElementById("draw");
const status = document.getElementById("status");
const plans = document.getElementById("plans");
const empty = document.getElementById("empty");
const words = JSON.parse(document.body.dataset.words);
const language = document.body.dataset.language;

// Not form.elements: the check boxes of that name hide it.
const field = (id) => document.getElementById(id);
const box = (element) => form.querySelector(`input[name=elements][value=${element}]`);

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function request() {
  return field("request").value.trim();
}

// How and by whom a wish is drawn, however it is said.
function how(data) {
  const wish = { count: Number(data.get("count")), generator: data.get("generator") };
  if (data.get("seed") !== "") wish.seed = Number(data.get("seed"));
  if (data.get("style")) wish.style = data.get("style");
  return wish;
}

function brief() {
  const data = new FormData(form);
  if (request()) return { request: request(), ...how(data) };
  const wish = {
    ...how(data),
    width: Number(data.get("width")),
    height: Number(data.get("height")),
    floor: data.get("floor"),
    elements: data.getAll("elements"),
  };
  if (data.get("entrance_side") && wish.elements.includes("entrance")) wish.entrance_side = data.get("entrance_side");
  return wish;
}

function showMetres() {
  const width = Number(field("width").value) * 0.91;
  const height = Number(field("height").value) * 0.91;
  field("metres").textContent =
    `${width.toFixed(2)} m × ${height.toFixed(2)} m = ${(width * height).toFixed(1)} m²`;
}

function followFloor() {
  box("entrance").checked = new FormData(form).get("floor") !== "2F";
  box("stairs").checked = true;
  followEntrance();
}

function followEntrance() {
  for (const side of form.querySelectorAll("#sides input")) side.disabled = !box("entrance").checked;
}

function list(findings) {
  const items = element("ul");
  for (const finding of findings) {
    const item = element("li");
    item.append(element("code", "", finding.code));
    item.append(language === "ja" && finding.message_ja ? finding.message_ja : finding.message);
    items.append(item);
  }
  return items;
}

function verdict(plan) {
  const hard = plan.findings.filter((f) => f.hard);
  const soft = plan.findings.filter((f) => !f.hard);
  const parts = [];
  if (hard.length) parts.push(element("p", "verdict bad", words.broken), list(hard));
  else if (plan.planUrl) parts.push(element("p", "verdict good", words.lawful));
  else parts.push(element("p", "verdict", words.unchecked));
  if (soft.length) {
    const more = element("details");
    more.append(element("summary", "", `${words.hints} (${soft.length})`), list(soft));
    parts.push(more);
  }
  return parts;
}

function link(url, text) {
  const node = element("a", "", text);
  node.href = url;
  node.download = url.split("/").pop();
  return node;
}

function card(plan) {
  const figure = element("figure", "plan");
  const image = element("img");
  image.src = plan.svgUrl || plan.imageUrl; // sharp on every screen, where there is one
  image.alt = `${words.plan_alt}: ${plan.caption}`;
  const body = element("div", "body");
  const facts = element("div", "facts");
  facts.append(element("b", "", `${plan.floor} · ${plan.width} × ${plan.height}`));
  facts.append(element("span", "seed", `${words.seed} ${plan.seed} · ${plan.generator}`));
  const links = element("div", "links");
  links.append(link(plan.imageUrl, "PNG"));
  if (plan.svgUrl) links.append(link(plan.svgUrl, "SVG"));
  if (plan.planUrl) links.append(link(plan.planUrl, "JSON"));
  const others = Object.entries(plan.files).filter(([form]) => !["svg", "png", "json"].includes(form));
  for (const [form, url] of others) links.append(link(url, form.toUpperCase()));
  const again = element("button", "small", words.again);
  again.type = "button";
  again.addEventListener("click", () => { field("seed").value = plan.seed; });
  links.append(again);
  body.append(facts, element("p", "caption", plan.caption), ...verdict(plan), links);
  figure.append(image, body);
  return figure;
}

function say(text, className) {
  status.className = className;
  status.textContent = text;
  status.hidden = false;
}

async function post(url, body) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error(words.unreachable);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `HTTP ${response.status}`);
  return answer;
}

function showUnderstood(answer) {
  const read = element("ul");
  for (const { words: said, meaning } of answer.understood) {
    const item = element("li");
    item.append(element("b", "", said), ` → ${meaning || words.open}`);
    read.append(item);
  }
  const parts = [element("p", "", words.understood), read];
  if (answer.assumed.length) {
    const notes = element("ul");
    for (const note of answer.assumed) notes.append(element("li", "", language === "ja" ? note.message_ja : note.message));
    parts.push(element("p", "", words.assumed), notes);
  }
  field("understood").replaceChildren(...parts, element("p", "caption", answer.caption));
}

// Reads the request while it is written, so that nothing is drawn from a misunderstanding.
async function understand() {
  const text = request();
  const box = field("understood");
  field("fields").disabled = text !== "";
  box.hidden = text === "";
  box.className = "";
  if (!text) return;
  try {
    const answer = await post("/api/v1/requests", { request: text });
    if (text === request()) showUnderstood(answer);
  } catch (error) {
    if (text !== request()) return;
    box.className = "bad";
    box.replaceChildren(element("p", "", error.message));
  }
}

let reading;
function followRequest() {
  clearTimeout(reading);
  reading = setTimeout(understand, 500);
}

async function draw(event) {
  event.preventDefault();
  const wish = brief();
  const start = performance.now();
  const tick = () => say(`${words.drawing} ${Math.floor((performance.now() - start) / 1000)} ${words.seconds}`, "working");
  button.disabled = true;
  tick();
  const timer = setInterval(tick, 1000);
  try {
    const found = (await post("/api/v1/plans", wish)).plans;
    empty.hidden = true;
    plans.prepend(...found.map((plan) => card(plan)));
    status.hidden = true;
  } catch (error) {
    say(`${words.failed}: ${error.message}`, "error");
  } finally {
    clearInterval(timer);
    button.disabled = false;
  }
}

form.addEventListener("submit", draw);
form.addEventListener("input", showMetres);
field("request").addEventListener("input", followRequest);
for (const radio of form.querySelectorAll("input[name=floor]")) radio.addEventListener("change", followFloor);
box("entrance").addEventListener("change", followEntrance);
understand();
showMetres();
