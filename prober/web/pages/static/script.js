// Keeps a page of the prober fresh: fetches it again, puts in its <main>, and leaves the reader where they were.
// Without this the page refreshes itself by its <meta>; nothing else depends on it.
"use strict";

(() => {
  const script = document.currentScript;
  const seconds = Number(script.dataset.refresh) || 15;
  const lost = document.getElementById("lost");
  const news = document.getElementById("news");
  let timer = 0;
  let asking = false;
  let seen = new Date();

  const heading = (page) => page.querySelector("main h1")?.textContent ?? "";

  // Swapping would take away what somebody is about to do.
  function busy() {
    const here = document.activeElement;
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
    document.getElementById("asof").replaceWith(document.adoptNode(fresh.getElementById("asof")));
    const [mine, theirs] = [document, fresh].map((page) => page.querySelector("link[rel=icon]"));
    if (mine.getAttribute("href") !== theirs.getAttribute("href")) mine.setAttribute("href", theirs.getAttribute("href"));
  }

  function tell(why) {
    lost.textContent = `${why}. What stands here is from ${seen.toLocaleTimeString()}.`;
    lost.hidden = false;
  }

  async function refresh() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (answer.redirected || !answer.ok) {
        tell(`The prober answers HTTP ${answer.status}`);
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const other = fresh.querySelector("script[src]")?.getAttribute("src");
      if (other !== script.getAttribute("src")) {
        location.reload(); // another version of the prober: its pages want its own script and style sheet
        return;
      }
      lost.hidden = true;
      seen = new Date();
      if (!busy()) swap(fresh);
    } catch {
      tell("The prober cannot be reached");
    } finally {
      asking = false;
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, seconds * 1000);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) refresh();
  });
  plan();
})();
