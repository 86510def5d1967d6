// Keeps a page of the prober fresh: fetches it again, puts in its <main>, and leaves the reader where they were.
// Says how old the page is, and turns it grey once it could not be refreshed: what was green may be down by now.
// Without this the page refreshes itself by its <meta>; nothing else depends on it.
"use strict";

(() => {
  const script = document.currentScript;
  const seconds = Number(script.dataset.refresh) || 15;
  const lost = document.getElementById("lost");
  const news = document.getElementById("news");
  const icon = document.querySelector("link[rel=icon]");
  let timer = 0;
  let asking = false;
  let drawn = Date.now(); // when what stands here was fetched
  let why = ""; // the last attempt to refresh failed

  const heading = (page) => page.querySelector("main h1")?.textContent ?? "";

  // Swapping would take away what somebody is about to do.
  function busy() {
    const here = document.activeElement;
    if (document.querySelector("form.run button[disabled]")) return true;
    const typing = here instanceof HTMLInputElement && here.value !== here.defaultValue;
    const selection = getSelection();
    return typing || (selection && !selection.isCollapsed && selection.toString() !== "");
  }

  function swap(fresh) {
    const before = document.querySelector("main");
    const after = document.adoptNode(fresh.querySelector("main"));
    for (const open of before.querySelectorAll("details[open][id]")) {
      const same = after.querySelector("#" + CSS.escape(open.id));
      if (same) same.open = true;
    }
    const focused = document.activeElement;
    const name = before.contains(focused) ? focused.id || "" : "";
    const [left, top] = [scrollX, scrollY];
    const said = heading(document);
    before.replaceWith(after);
    scrollTo({ left, top, behavior: "instant" });
    const again = name && (name === after.id ? after : after.querySelector("#" + CSS.escape(name)));
    if (again) again.focus({ preventScroll: true });
    if (heading(document) !== said) news.textContent = heading(document);
    document.title = fresh.title;
    drawn = Date.now();
    why = "";
    document.getElementById("asof").replaceWith(document.adoptNode(fresh.getElementById("asof")));
    icon.dataset.fresh = fresh.querySelector("link[rel=icon]").getAttribute("href");
  }

  function ago(age) {
    const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"]].find(([size]) => age >= size) ?? [1, "s"];
    return `${Math.floor(age / size)} ${unit} ago`;
  }

  // Writes only what changed: a screen reader reads an alert anew whenever it is written.
  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function show() {
    const age = Math.max(0, Date.now() - drawn) / 1000;
    const stale = why !== "" || age > 3 * seconds;
    write(document.getElementById("age"), `, ${ago(age)}`);
    if (stale) write(lost, `${why || "The page was not refreshed"}. What stands here is from ${new Date(drawn).toLocaleTimeString()}.`);
    lost.hidden = !stale;
    document.documentElement.classList.toggle("stale", stale);
    icon.dataset.fresh ??= icon.getAttribute("href");
    const wanted = stale ? icon.dataset.stale : icon.dataset.fresh;
    if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
    const title = document.title.replace(/^Stale: /, "");
    if (document.title !== (stale ? `Stale: ${title}` : title)) document.title = stale ? `Stale: ${title}` : title;
  }

  async function refresh() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (answer.redirected || !answer.ok) {
        why = `The prober answers HTTP ${answer.status}`;
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const other = fresh.querySelector("script[src]")?.getAttribute("src");
      if (other !== script.getAttribute("src")) {
        location.reload(); // another version of the prober: its pages want its own script and style sheet
        return;
      }
      if (!busy()) swap(fresh);
      else why = ""; // older than three rounds it turns grey all the same
    } catch {
      why = "The prober cannot be reached";
    } finally {
      asking = false;
      show();
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, seconds * 1000);
  }

  // A run takes as long as the server does: say that it was begun, and begin it once.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.run")) return;
    const button = event.target.querySelector("button");
    button.textContent = "Running…";
    setTimeout(() => (button.disabled = true)); // after the form is sent
  });

  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // come back to, with a button that was pressed
  });

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) {
      show();
      refresh();
    }
  });
  show();
  setInterval(show, 1000);
  plan();
})();
