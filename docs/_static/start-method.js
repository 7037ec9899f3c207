// The reader's start method, for every script of the site.
//
// It comes from `?start-method=spawn` in the address, else from an earlier visit; the
// switch in the sidebar changes it.  Choosing selects, in each tab set, the tab whose panel
// shows that start method (`data-start-methods="forkserver spawn"`).  Without this script
// the tab sets work all the same, each on its own.
(() => {
  "use strict";
  const METHODS = ["fork", "forkserver", "spawn"];
  const KEY = "start-method";
  const root = document.documentElement;

  // Private windows and file:// pages may refuse the storage: then a choice lasts a page.
  const remembered = (value) => {
    try {
      if (value === undefined) return localStorage.getItem(KEY);
      if (value) localStorage.setItem(KEY, value);
      else localStorage.removeItem(KEY);
    } catch {}
    return null;
  };

  const linked = new URLSearchParams(location.search).get(KEY);
  let chosen = [linked, remembered()].find((method) => METHODS.includes(method)) ?? "";
  if (METHODS.includes(linked)) remembered(linked);
  root.classList.remove("no-js"); // Furo does so when all is painted: its theme switch would push the search aside
  root.dataset.startMethod = chosen; // the style sheet shows the switch where this is set

  const apply = () => {
    if (chosen) {
      for (const panel of document.querySelectorAll(`.snippet-tabs > .panel[data-start-methods~="${chosen}"]`)) {
        panel.previousElementSibling.previousElementSibling.checked = true; // input, label, panel
      }
    }
    for (const button of document.querySelectorAll("[data-choose]")) {
      button.setAttribute("aria-pressed", String(button.dataset.choose === chosen));
    }
  };

  // While the page is being read, so that the panel is right when it is first painted.
  const observer = new MutationObserver(apply);
  observer.observe(root, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    observer.disconnect();
    apply();
  });

  const choose = (method) => {
    chosen = method;
    remembered(method);
    root.dataset.startMethod = method;
    const address = new URL(location.href);
    if (method) address.searchParams.set(KEY, method);
    else address.searchParams.delete(KEY);
    history.replaceState(history.state, "", address);
    apply();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (button) choose(button.dataset.choose === chosen ? "" : button.dataset.choose);
  });
})();
