"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const $ = (id) => document.getElementById(id);
  const items = [...document.querySelectorAll(".finding")];
  const form = $("filters");
  let texts = null; // what each finding says, made when first searched

  const theme = (value) => { if (value) root.dataset.theme = value; };
  try { theme(localStorage.getItem("driftline-theme")); } catch { /* a page from a file may have no storage */ }
  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    theme(dark ? "light" : "dark");
    try { localStorage.setItem("driftline-theme", root.dataset.theme); } catch { /* as above */ }
  });

  const open = (all) => items.forEach((item) => { if (!item.hidden) item.open = all; });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((item) => { item.open = true; }));
  if (!form) return;

  const nodes = [...document.querySelectorAll(".picture a")].map((item) => [item, new URLSearchParams(item.getAttribute("href").slice(1)).get("n")]);
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const chosen = (name) => boxes.filter((box) => box.name === name && box.checked).map((box) => box.value);
  const selected = (id) => ($(id) ? $(id).value : "");

  const apply = () => {
    const words = $("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length && !texts) texts = items.map((item) => item.textContent.toLowerCase());
    const [v, s, w, f, c, n] = [chosen("v"), chosen("s"), chosen("w"), selected("f"), selected("c"), selected("n")];
    let count = 0;
    items.forEach((item, at) => {
      const d = item.dataset;
      const fits = (!v.length || v.includes(d.v)) && (!s.length || s.includes(d.s)) && (!f || d.f === f) && (!c || d.c === c)
        && (!n || d.n.split("\n").includes(n)) && !(w.length && d.w) && words.every((word) => texts[at].includes(word));
      if (item.hidden === fits) item.hidden = !fits;
      count += fits;
    });
    $("shown").textContent = count === items.length ? `${count}` : `${count} of ${items.length}`;
    $("nothing").hidden = count > 0;
    for (const [item, id] of nodes) item.setAttribute("aria-current", String(id === n));
  };

  const remember = () => {
    const state = new URLSearchParams();
    const values = { q: $("q").value.trim(), v: chosen("v").join(","), s: chosen("s").join(","), f: selected("f"), c: selected("c"), n: selected("n"), w: chosen("w").join(",") };
    for (const [name, value] of Object.entries(values)) if (value) state.set(name, value);
    history.replaceState(null, "", `#${state}` === "#" ? location.pathname + location.search : `#${state}`);
  };

  const set = (state) => {
    $("q").value = state.get("q") || "";
    for (const box of boxes) box.checked = (state.get(box.name) || "").split(",").includes(box.value);
    for (const id of ["f", "c", "n"]) if ($(id)) $(id).value = state.get(id) || "";
    apply();
  };

  const follow = () => {
    const hash = location.hash.slice(1);
    const target = hash && $(decodeURIComponent(hash));
    if (target) {
      if (target.classList.contains("finding")) {
        if (target.hidden) set(new URLSearchParams());
        target.open = true;
        target.scrollIntoView({ block: "start", behavior: "instant" });
        requestAnimationFrame(() => target.firstElementChild.focus({ preventScroll: true }));
      }
    } else if (hash.includes("=")) {
      set(new URLSearchParams(hash));
      $("findings").scrollIntoView({ block: "start" });
    }
  };

  const move = (step) => {
    const visible = items.filter((item) => !item.hidden);
    const at = visible.findIndex((item) => item.contains(document.activeElement));
    const next = visible[Math.max(0, Math.min(visible.length - 1, at < 0 ? 0 : at + step))];
    if (next) { next.firstElementChild.focus(); next.scrollIntoView({ block: "nearest" }); }
  };

  let waiting = 0;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { apply(); remember(); }, 60); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  $("expand").addEventListener("click", () => {
    const opening = $("expand").textContent === "Open all";
    open(opening);
    $("expand").textContent = opening ? "Close all" : "Open all";
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const link = location.href.split("#")[0] + "#" + button.closest(".finding").id;
    try { await navigator.clipboard.writeText(link); button.textContent = "Copied"; } catch { location.hash = link.split("#")[1]; }
    setTimeout(() => { button.textContent = "Copy it"; }, 1500);
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "Escape") { form.reset(); document.activeElement.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); $("q").focus(); }
    if (event.key === "j") move(1);
    if (event.key === "k") move(-1);
  });
  for (const [item] of nodes) item.addEventListener("click", () => { if (location.hash === item.getAttribute("href")) follow(); });
  addEventListener("hashchange", follow);
  apply();
  follow();
  addEventListener("load", () => setTimeout(follow)); // only then has the browser done its own jump, which takes the focus away
})();
