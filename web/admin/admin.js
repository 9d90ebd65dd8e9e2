import { duration, parse, quantile, rate, short, sum } from "./figures.js";

const interval = 2000; // ms between readings
const kept = 150; // values of a plot: five minutes

const plots = [
  { title: "members", value: (now) => sum(now.samples, "partyline_members"), show: short },
  { title: "messages a second", value: (now, before) => rate(now, before, "partyline_messages_total"), show: short },
  { title: "deliveries a second", value: (now, before) => rate(now, before, "partyline_deliveries_total"), show: short },
  { title: "bytes a second", value: (now, before) => rate(now, before, "partyline_written_bytes_total"), show: short },
  { title: "delivery lag, 99 % below", value: (now, before) => quantile(now, before, "partyline_delivery_lag_seconds", 0.99), show: duration },
  { title: "lagging members", value: (now) => sum(now.samples, "partyline_lagging_members"), show: short },
  { title: "gap notices a second", value: (now, before) => rate(now, before, "partyline_gaps_total"), show: short },
  { title: "clients turned away a second", value: (now, before) => rate(now, before, "partyline_clients_turned_away_total"), show: short },
  { title: "CPU cores", value: (now, before) => rate(now, before, "process_cpu_seconds_total"), show: short },
  { title: "memory, bytes", value: (now) => sum(now.samples, "process_resident_memory_bytes"), show: short },
];

/** @returns {any} */
const $ = (id) => document.getElementById(id);

const state = $("state");
const svg = "http://www.w3.org/2000/svg";

for (const plot of plots) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = plot.title;
  plot.output = document.createElement("output");
  plot.output.textContent = "–";
  const drawing = document.createElementNS(svg, "svg");
  drawing.setAttribute("viewBox", `0 0 ${kept - 1} 100`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  plot.area = document.createElementNS(svg, "path");
  plot.area.setAttribute("class", "area");
  plot.line = document.createElementNS(svg, "path");
  plot.line.setAttribute("class", "line");
  drawing.append(plot.area, plot.line);
  figure.append(caption, plot.output, drawing);
  $("plots").append(figure);
  plot.values = [];
}

// draw draws the values of a plot, the newest at the right.
function draw(plot) {
  const most = Math.max(...plot.values.filter((v) => v !== null), 0) || 1;
  const left = kept - plot.values.length;
  let line = "";
  let area = "";
  let begin = null; // x of the part that is drawn
  plot.values.forEach((v, i) => {
    const x = left + i;
    if (v === null) {
      begin = null;
      return;
    }
    const y = 98 - (96 * v) / most;
    if (begin === null) {
      line += `M${x} ${y}`;
      begin = x;
    } else {
      line += `L${x} ${y}`;
      const before = 98 - (96 * plot.values[i - 1]) / most;
      area += `M${x - 1} 100L${x - 1} ${before}L${x} ${y}L${x} 100Z`;
    }
  });
  plot.line.setAttribute("d", line);
  plot.area.setAttribute("d", area);
}

async function read(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) {
    throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
  return response;
}

function cell(text) {
  const td = document.createElement("td");
  td.textContent = text;
  return td;
}

function showRooms(rooms) {
  const rows = rooms
    .toSorted((a, b) => b.members - a.members)
    .slice(0, 50)
    .map((room) => {
      const row = document.createElement("tr");
      row.append(cell("#" + room.name), cell(room.members), cell(room.lagging), cell(room.last));
      return row;
    });
  $("rooms").replaceChildren(...rows);
}

/** @type {import("./figures.js").Reading | null} */
let before = null;

async function update() {
  try {
    const now = { samples: parse(await (await read("metrics")).text()), time: performance.now() };
    for (const plot of plots) {
      const v = plot.value(now, before);
      plot.values.push(v);
      plot.values.splice(0, plot.values.length - kept);
      plot.output.textContent = plot.show(v);
      draw(plot);
    }
    before = now;
    showRooms(await (await read("api/v1/rooms")).json());
    const ready = await fetch("readyz", { cache: "no-store" });
    state.className = ready.ok ? "" : "bad";
    state.textContent = ready.ok ? "ready" : `not ready: ${await ready.text()}`;
  } catch (err) {
    before = null;
    state.className = "bad";
    state.textContent = err.message;
  }
  setTimeout(update, interval);
}

update();
